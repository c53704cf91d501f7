import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { SHARD_FILE_SUFFIX } from '../../local/shard-file-name.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { count } from '../count.ts'
import type { ProjectConfig } from '../read-config.ts'
import { type Check, Checks } from './check.ts'
import { readShardHealth, type ShardHealth } from './shard-health.ts'

/** Changes that wait longer than this, in milliseconds, have nobody who delivers them. */
const LONG = 3_600_000

/** Shards that are told of by name. */
const SHOWN = 3

/** Looks for shards on this machine that do not get on: undelivered changes, dead letters, migrations that fail or are missing. */
export function checkShards({ db }: ProjectConfig, manifest: MigrationManifest | null, now: number): readonly Check[] {
	const checks = new Checks('shards')
	if (!existsSync(db) || !statSync(db).isDirectory()) return checks.found
	const files = readdirSync(db).filter((file) => file.endsWith(SHARD_FILE_SUFFIX))
	const shards: ShardHealth[] = []
	for (const file of files) {
		try {
			shards.push(readShardHealth(join(db, file)))
		} catch (error) {
			checks.fail(`${join(db, file)} cannot be read: ${messageOf(error)}`, 'move it away, or restore it from a backup')
		}
	}
	report(shards, manifest, now, checks)
	if (files.length > 0 && checks.found.length === 0) {
		const waiting = shards.reduce((sum, { buffered }) => sum + buffered, 0)
		checks.ok(`${count(files.length, 'shard')} in ${basename(db)}, ${count(waiting, 'change')} on the way to the lake`)
	}
	return checks.found
}

function report(shards: readonly ShardHealth[], manifest: MigrationManifest | null, now: number, checks: Checks): void {
	for (const { shard, failure } of shards) {
		if (failure !== null)
			checks.fail(
				`shard ${shard}: migration ${failure.tag} does not apply: ${failure.message}`,
				'correct it, then: sqlake migrate',
			)
	}
	const stuck = shards.filter(({ oldest }) => oldest !== null && now - oldest > LONG)
	if (stuck.length > 0) {
		const waiting = stuck.reduce((sum, { buffered }) => sum + buffered, 0)
		checks.warn(
			`${count(waiting, 'change')} waiting for the lake for more than an hour: ${some(stuck)}`,
			"deliver them: sqlake query --flush -a 'SELECT 1', or sqlake dev",
		)
	}
	const dead = shards.filter(({ deadLetters }) => deadLetters > 0)
	if (dead.length > 0) {
		const letters = dead.reduce((sum, { deadLetters }) => sum + deadLetters, 0)
		checks.warn(
			`${count(letters, 'change')} set aside, because they could not be delivered: ${some(dead)}`,
			'SELECT * FROM _sqlake_dead_letters tells why',
		)
	}
	const held = shards.filter((shard) => shard.held)
	if (held.length > 0)
		checks.warn(`${count(held.length, 'shard')} rolled back, to stay there: ${some(held)}`, 'sqlake migrate brings them forward')
	const all = manifest?.migrations.length ?? 0
	const behind = shards.filter(
		({ applied, failure, held }) => applied.length > 0 && applied.length < all && failure === null && !held,
	)
	if (behind.length > 0)
		checks.warn(
			`${count(behind.length, 'shard')} with migrations pending: ${some(behind)}`,
			'they apply them when they are next asked, or: sqlake migrate',
		)
	const ahead = shards.filter(
		({ applied }) => manifest !== null && applied.some((tag) => !manifest.migrations.some((each) => each.tag === tag)),
	)
	if (ahead.length > 0)
		checks.fail(
			`${count(ahead.length, 'shard')} with migrations that the manifest lacks: ${some(ahead)}`,
			'check out the code that has them, or roll back there',
		)
}

function some(shards: readonly ShardHealth[]): string {
	const names = shards
		.slice(0, SHOWN)
		.map(({ shard }) => shard ?? 'one without a name')
		.join(', ')
	return shards.length > SHOWN ? `${names} and ${shards.length - SHOWN} more` : names
}
