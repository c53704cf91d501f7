/**
 * The durable plan of a roll-out, in the SQLite of the catalog's Durable Object: one record, and a place in the queue for each
 * shard.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { MigrationState } from '../migrator/migration-status.ts'
import type { ReleasedVersion, ResumeOptions, RollbackOptions, Rollout, RolloutOptions } from './fleet.ts'
import { versionOf, versionText } from './register.ts'
import {
	assertResumable,
	cancelled,
	isUnderWay,
	newRollout,
	nextWaveSize,
	paused,
	type RolloutRecord,
	type RolloutSettings,
	resumed,
	rolloutOf,
	type ShardOutcome,
	settingsOf,
	withOutcome,
	withWave,
} from './rollout-record.ts'

/** A shard whose turn it is. */
export interface RolloutTask {
	/** Number of the roll-out. */
	readonly rollout: number
	readonly place: number
	readonly shard: string
	readonly binding: string | null
	readonly direction: 'up' | 'down'
	readonly target: string | null
	/** Its last report says that nothing is left to do. */
	readonly isSettled: boolean
}

type TaskRow = {
	place: number
	shard: string
	target: string | null
	before: string
	status: 'waiting' | ShardOutcome['status']
}

/** Roll-outs in a list. */
const MAX_LISTED = 20

/** The storage that a plan needs. */
type PlanStorage = Pick<DurableObjectStorage, 'transactionSync'> & { readonly sql: Pick<SqlStorage, 'exec'> }

/**
 * The roll-outs of a fleet, one at a time. Each outcome is in the plan before the next shard is asked for, so that a restart
 * repeats only what was under way: calls that do nothing the second time.
 */
export class RolloutPlan {
	readonly #storage: PlanStorage

	/** Creates the tables where there are none. The register is to have been opened: the plan reads its table. */
	constructor(storage: PlanStorage) {
		this.#storage = storage
		createTables(storage.sql)
	}

	/** The roll-out that is under way, or the last one; null without any. */
	last(): RolloutRecord | null {
		return this.#records('ORDER BY number DESC LIMIT 1')[0] ?? null
	}

	/** The roll-outs of late, newest first. */
	list(): Rollout[] {
		return this.#records(`ORDER BY number DESC LIMIT ${MAX_LISTED}`).map(rolloutOf)
	}

	/** @throws SQLakeError ROLLOUT_NOT_FOUND */
	get(id: string): RolloutRecord {
		const [record] = /^\d{1,15}$/.test(id) ? this.#records('WHERE number = ?', Number(id)) : []
		if (record !== undefined) return record
		throw new SQLakeError('ROLLOUT_NOT_FOUND', `roll-out ${JSON.stringify(id)}: expected one of this fleet, found none`)
	}

	/** The target of the last roll-out that was done; null while there was none. */
	released(): ReleasedVersion | null {
		const [row] = this.#storage.sql.exec<{ value: string }>("SELECT value FROM fleet_state WHERE key = 'released'")
		return row === undefined ? null : { version: versionOf(row.value) }
	}

	/** @throws SQLakeError ROLLOUT_INVALID while another is under way */
	assertNoneUnderWay(): void {
		const last = this.last()
		if (last === null || !isUnderWay(last)) return
		throw new SQLakeError('ROLLOUT_INVALID', `roll-outs: expected none under way, found ${last.number}, which is ${last.state}`, {
			hint: 'resume it, take it back, or cancel it',
			details: { id: String(last.number), state: last.state },
		})
	}

	/**
	 * Plans a roll-out over all shards that are not at the target, in random order: the first wave is a fair sample.
	 *
	 * @throws SQLakeError ROLLOUT_INVALID while another is under way
	 */
	start(options: RolloutOptions, target: string | null, now: number): RolloutRecord {
		const settings = settingsOf(options, target)
		return this.#storage.transactionSync(() => {
			this.assertNoneUnderWay()
			this.#dropTasks()
			this.#storage.sql.exec(
				`INSERT INTO fleet_tasks (shard, before, status) SELECT shard, version, 'waiting' FROM fleet_shards
				WHERE NOT (${isSettled(settings.direction)}) ORDER BY random()`,
				versionText(target),
			)
			return this.#begin(settings, null, now)
		})
	}

	/**
	 * Plans the way back of the last roll-out, over the shards that it has reached and those that have its target from elsewhere.
	 * Each goes back to what it had; where that is unknown, to what most had.
	 *
	 * @throws SQLakeError ROLLOUT_INVALID, ROLLOUT_NOT_FOUND
	 */
	rollback(id: string, options: RollbackOptions, now: number): RolloutRecord {
		return this.#storage.transactionSync(() => {
			const undone = this.assertCanRollBack(id)
			this.assertNoneUnderWay()
			const { target: asked, ...others } = options
			const target = asked === undefined ? this.#commonestBefore(undone) : asked
			const { sql } = this.#storage
			sql.exec('DROP TABLE IF EXISTS fleet_tasks_before; ALTER TABLE fleet_tasks RENAME TO fleet_tasks_before')
			createTables(sql)
			sql.exec(
				`INSERT INTO fleet_tasks (shard, target, before, status)
				SELECT s.shard, CASE WHEN ?1 AND t.before <> ?2 THEN t.before END, s.version, 'waiting'
				FROM fleet_shards s LEFT JOIN fleet_tasks_before t ON t.shard = s.shard
				WHERE t.place <= ?3 OR s.version = ?2 ORDER BY random()`,
				asked === undefined ? 1 : 0,
				versionText(undone.target),
				undone.reached,
			)
			sql.exec('DROP TABLE fleet_tasks_before')
			return this.#begin(settingsOf({ ...others, direction: 'down' }, target), undone.number, now)
		})
	}

	/** @throws SQLakeError ROLLOUT_INVALID for another than the last one, and for one that led down; ROLLOUT_NOT_FOUND */
	assertCanRollBack(id: string): RolloutRecord {
		const record = this.get(id)
		const last = this.last()
		if (last !== null && last.number !== record.number) {
			throw new SQLakeError('ROLLOUT_INVALID', `roll back roll-out ${id}: expected the last one, which is ${last.number}`, {
				hint: "to go back further, start one with direction 'down' and a target",
				details: { id, last: String(last.number) },
			})
		}
		if (record.direction === 'up') return record
		throw new SQLakeError('ROLLOUT_INVALID', `roll back roll-out ${id}: expected one that led up, found one that led down`, {
			hint: 'start one up again',
			details: { id },
		})
	}

	/** Begins no further shard. @throws SQLakeError ROLLOUT_NOT_FOUND, ROLLOUT_INVALID */
	pause(id: string): RolloutRecord {
		return this.#write(paused(this.get(id)))
	}

	/** Goes on, and puts what failed back into the queue. @throws SQLakeError ROLLOUT_NOT_FOUND, ROLLOUT_INVALID */
	resume(id: string, options: ResumeOptions): RolloutRecord {
		return this.#storage.transactionSync(() => {
			const record = { ...this.get(id), ...options }
			assertResumable(record)
			this.#storage.sql.exec("UPDATE fleet_tasks SET status = 'waiting' WHERE status = 'failed'")
			return this.#write(resumed(record, this.#countWaiting(0, record.waveEnd)))
		})
	}

	/** Gives it up. @throws SQLakeError ROLLOUT_NOT_FOUND, ROLLOUT_INVALID */
	cancel(id: string, now: number): RolloutRecord {
		return this.#write(cancelled(this.get(id), now))
	}

	/** A shard that has come while a roll-out is under way is part of it, unless it has the target already. */
	shardCame(shard: string, version: string | null, state: MigrationState): void {
		const record = this.last()
		if (record === null || !isUnderWay(record) || isSettledAt(record.direction, record.target, version, state)) return
		const { sql } = this.#storage
		sql.exec("INSERT OR IGNORE INTO fleet_tasks (shard, before, status) VALUES (?, ?, 'waiting')", shard, versionText(version))
		const [row] = sql.exec<{ n: number }>('SELECT changes() AS n')
		if (row?.n === 1) this.#write({ ...record, total: record.total + 1 })
	}

	/** A shard that is forgotten has no part in the roll-out. */
	shardWent(shard: string): void {
		const record = this.last()
		const [task] = this.#storage.sql.exec<TaskRow>('SELECT * FROM fleet_tasks WHERE shard = ?', shard)
		if (record === null || task === undefined || !isUnderWay(record)) return
		this.#storage.sql.exec('DELETE FROM fleet_tasks WHERE shard = ?', shard)
		const waits = task.status === 'waiting' && task.place <= record.waveEnd ? 1 : 0
		this.#write({
			...record,
			total: record.total - 1,
			waveShards: record.waveShards - waits,
			waveLeft: record.waveLeft - waits,
			migrated: record.migrated - (task.status === 'migrated' ? 1 : 0),
			failed: record.failed - (task.status === 'failed' ? 1 : 0),
		})
	}

	/**
	 * The next shards of the wave, in order. They count as reached from now on.
	 *
	 * @param after place of the last one that was handed out since the plan was opened or the roll-out went on
	 */
	claim(after: number, limit: number): RolloutTask[] {
		const record = this.last()
		if (record?.state !== 'running') return []
		const rows = this.#storage.sql.exec<{
			place: number
			shard: string
			target: string | null
			binding: string | null
			version: string
			state: MigrationState
		}>(
			`SELECT t.place, t.shard, t.target, s.binding, s.version, s.state FROM fleet_tasks t JOIN fleet_shards s ON s.shard = t.shard
			WHERE t.place > ? AND t.place <= ? AND t.status = 'waiting' ORDER BY t.place LIMIT ?`,
			after,
			record.waveEnd,
			limit,
		)
		const { direction } = record
		const tasks = Array.from(rows, ({ place, shard, target: own, binding, version, state }): RolloutTask => {
			const target = own === null ? record.target : versionOf(own)
			const isSettled = isSettledAt(direction, target, versionOf(version), state)
			return { rollout: record.number, place, shard, binding, direction, target, isSettled }
		})
		const reached = tasks.at(-1)?.place ?? 0
		if (reached > record.reached) this.#write({ ...record, reached })
		return tasks
	}

	/** Notes what came of a shard. An outcome that comes late, of a roll-out that was replaced or of a shard that went, is dropped. */
	settle(task: RolloutTask, outcome: ShardOutcome): void {
		this.#storage.transactionSync(() => {
			const record = this.last()
			if (record?.number !== task.rollout) return
			const { sql } = this.#storage
			sql.exec(
				"UPDATE fleet_tasks SET status = ? WHERE place = ? AND shard = ? AND status = 'waiting'",
				outcome.status,
				task.place,
				task.shard,
			)
			const [row] = sql.exec<{ n: number }>('SELECT changes() AS n')
			if (row?.n === 1) this.#write(withOutcome(record, outcome))
		})
	}

	/** Begins the next wave once one is over, and ends the roll-out after the last. */
	advance(now: number): RolloutRecord | null {
		return this.#storage.transactionSync(() => {
			const record = this.last()
			if (record?.state !== 'running' || record.waveLeft > 0) return record
			const { sql } = this.#storage
			const [row] = sql.exec<{ place: number | null }>('SELECT max(place) AS place FROM fleet_tasks')
			const lastPlace = row?.place ?? 0
			if (lastPlace <= record.waveEnd) return this.#finish(record, now)
			const end = Math.min(lastPlace, record.waveEnd + nextWaveSize(record))
			return this.#write(withWave(record, { end, shards: this.#countWaiting(record.waveEnd, end) }))
		})
	}

	#begin(settings: RolloutSettings, rollbackOf: number | null, now: number): RolloutRecord {
		const [row] = this.#storage.sql.exec<{ n: number }>('SELECT count(*) AS n FROM fleet_tasks')
		const number = (this.last()?.number ?? 0) + 1
		this.#write(newRollout(settings, { number, rollbackOf, total: row?.n ?? 0, startedAt: now }))
		// The first wave; over a fleet that is there already, the end.
		return this.advance(now) ?? this.get(String(number))
	}

	#finish(record: RolloutRecord, now: number): RolloutRecord {
		const { sql } = this.#storage
		sql.exec("INSERT OR REPLACE INTO fleet_state (key, value) VALUES ('released', ?)", versionText(record.target))
		return this.#write({ ...record, state: 'done', finishedAt: now })
	}

	#commonestBefore({ number, reached }: RolloutRecord): string | null {
		const [row] = this.#storage.sql.exec<{ before: string }>(
			'SELECT before FROM fleet_tasks WHERE place <= ? GROUP BY before ORDER BY count(*) DESC, before DESC LIMIT 1',
			reached,
		)
		if (row !== undefined) return versionOf(row.before)
		throw new SQLakeError(
			'ROLLOUT_INVALID',
			`roll back roll-out ${number}: it has reached no shard, so nothing tells what was before`,
			{
				hint: 'name the target',
				details: { id: String(number) },
			},
		)
	}

	#countWaiting(after: number, end: number): number {
		const query = "SELECT count(*) AS n FROM fleet_tasks WHERE place > ? AND place <= ? AND status = 'waiting'"
		const [row] = this.#storage.sql.exec<{ n: number }>(query, after, end)
		return row?.n ?? 0
	}

	/** Dropping a table writes no row, deleting its rows would. */
	#dropTasks(): void {
		this.#storage.sql.exec('DROP TABLE fleet_tasks')
		createTables(this.#storage.sql)
	}

	#records(rest: string, ...values: number[]): RolloutRecord[] {
		const rows = this.#storage.sql.exec<{ record: string }>(`SELECT record FROM fleet_rollouts ${rest}`, ...values)
		return Array.from(rows, ({ record }) => JSON.parse(record) as RolloutRecord)
	}

	#write(record: RolloutRecord): RolloutRecord {
		const statement = 'INSERT INTO fleet_rollouts (number, record) VALUES (?1, ?2) ON CONFLICT (number) DO UPDATE SET record = ?2'
		this.#storage.sql.exec(statement, record.number, JSON.stringify(record))
		return record
	}
}

/**
 * Whether a shard's report says that it needs no call. On the way down it also has to be held: otherwise it would go up again at
 * its next start.
 */
function isSettledAt(direction: 'up' | 'down', target: string | null, version: string | null, state: MigrationState): boolean {
	return version === target && settledStates[direction].includes(state)
}

const settledStates: Readonly<Record<'up' | 'down', readonly MigrationState[]>> = { up: ['current', 'pending'], down: ['held'] }

/** As {@link isSettledAt}, in SQL; its one value is the target. */
function isSettled(direction: 'up' | 'down'): string {
	return `version = ? AND state IN (${settledStates[direction].map((state) => `'${state}'`).join(', ')})`
}

/**
 * `fleet_tasks`: the queue of the last roll-out. `before`: the version that the shard had when it was planned. `target`: where it
 * is not that of the roll-out.
 */
function createTables(sql: Pick<SqlStorage, 'exec'>): void {
	sql.exec(`
		CREATE TABLE IF NOT EXISTS fleet_state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
		CREATE TABLE IF NOT EXISTS fleet_rollouts (number INTEGER PRIMARY KEY, record TEXT NOT NULL);
		CREATE TABLE IF NOT EXISTS fleet_tasks (
			place INTEGER PRIMARY KEY, shard TEXT NOT NULL UNIQUE, target TEXT, before TEXT NOT NULL, status TEXT NOT NULL
		);
	`)
}
