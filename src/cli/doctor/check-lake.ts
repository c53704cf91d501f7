import { existsSync } from 'node:fs'
import { SQLakeError } from '../../errors.ts'
import { planTableScan } from '../../lake/catalog/table-scan.ts'
import { lakeLocationOf, objectKeyOf } from '../../lake/lake-path.ts'
import { mapLimit } from '../../lake/map-limit.ts'
import { FileObjectStore } from '../../lake/storage/file.ts'
import { count } from '../count.ts'
import type { ProjectConfig } from '../read-config.ts'
import { type Check, Checks } from './check.ts'

/** Files of a table that are looked for. */
const SAMPLE = 200

/** Follows the local lake from its pointer to its data files. */
export async function checkLake(config: ProjectConfig): Promise<readonly Check[]> {
	const checks = new Checks('lake')
	if (!existsSync(config.lake)) return checks.found
	try {
		await followPointer(config, checks)
	} catch (error) {
		if (!SQLakeError.is(error)) throw error
		checks.fail(error.message, error.hint)
	}
	return checks.found
}

async function followPointer({ lake: directory, location }: ProjectConfig, checks: Checks): Promise<void> {
	const { inspectLake } = await import('../lake/inspect-lake.ts')
	const store = new FileObjectStore(directory)
	const lake = await inspectLake(store)
	if (lake.version === 0) return
	if (lake.location !== location) {
		checks.fail(
			`${directory}: its paths begin with ${lake.location}, those of the configuration with ${location}`,
			`sqlake: { location: '${lake.location}' }`,
		)
	}
	for (const [name, table] of lake.tables) {
		const { files } = await planTableScan({ store, table })
		const prefix = lakeLocationOf(table.metadata)
		// The newest: what is lost is lost late.
		const found = await mapLimit(files.slice(-SAMPLE), async ({ filePath }) => {
			const key = objectKeyOf(prefix, filePath)
			return { key, there: (await store.head(key)) !== null }
		})
		const missing = found.filter(({ there }) => !there)
		if (missing.length === 0)
			checks.ok(`${name}: ${count(files.length, 'file')}, ${count(table.metadata.snapshots.length, 'snapshot')}`)
		else
			checks.fail(
				`${name}: ${missing.length} of ${found.length} files are missing, such as ${missing[0]?.key}`,
				'restore them: queries that need them fail',
			)
	}
}
