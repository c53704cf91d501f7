/**
 * The register of shards, in the SQLite of the catalog's Durable Object.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { MigrationState } from '../migrator/migration-status.ts'
import type { FleetSummary, RegisteredShard, ShardFilter, ShardPage, ShardReport } from './fleet.ts'

/** What the register knows of the fleet as a whole. */
export type RegisterSummary = Pick<FleetSummary, 'shards' | 'versions' | 'states' | 'failures'>

/** Shards on a page. */
const PAGE = 100
const MAX_PAGE = 1_000

/** Reasons in a summary. */
const MAX_FAILURES = 20

/** UTF-16 units of a message that is kept: reasons are grouped by it, in an index. */
const MAX_MESSAGE = 500

const STATES = {
	current: 0,
	pending: 0,
	failed: 0,
	held: 0,
	ahead: 0,
	invalid: 0,
} as const satisfies Record<MigrationState, 0>

type Row = {
	shard: string
	binding: string | null
	version: string
	state: MigrationState
	last_seen: number
	error_code: string | null
	error_message: string | null
	error_tag: string | null
	error_at: number | null
}

/**
 * What each shard last said of itself. A report that says nothing new writes one row and no index entry; a page reads as many rows
 * as it holds; a summary walks one index.
 */
export class ShardRegister {
	readonly #sql: Pick<SqlStorage, 'exec'>

	/** Creates the table where there is none. */
	constructor(sql: Pick<SqlStorage, 'exec'>) {
		this.#sql = sql
		createTable(sql)
	}

	/**
	 * Takes a report.
	 *
	 * @param now milliseconds since the epoch
	 * @returns whether the shard was unknown
	 */
	report(report: ShardReport, now: number): boolean {
		const { shard, binding, state, lastError } = report
		const version = versionText(report.version)
		const message = lastError === null ? null : lastError.message.slice(0, MAX_MESSAGE)
		const [known] = this.#sql.exec<Row>('SELECT * FROM fleet_shards WHERE shard = ?', shard)
		if (
			known !== undefined &&
			known.binding === binding &&
			known.version === version &&
			known.state === state &&
			known.error_code === (lastError?.code ?? null) &&
			known.error_message === message &&
			known.error_tag === (lastError?.tag ?? null)
		) {
			this.#sql.exec('UPDATE fleet_shards SET last_seen = ? WHERE shard = ?', now, shard)
			return false
		}
		this.#sql.exec(
			`INSERT INTO fleet_shards (shard, binding, version, state, last_seen, error_code, error_message, error_tag, error_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (shard) DO UPDATE SET
			binding = ?2, version = ?3, state = ?4, last_seen = ?5, error_code = ?6, error_message = ?7, error_tag = ?8, error_at = ?9`,
			shard,
			binding,
			version,
			state,
			now,
			lastError?.code ?? null,
			message,
			lastError?.tag ?? null,
			lastError?.at ?? null,
		)
		return known === undefined
	}

	/** Notes that a shard did not answer. What it last said of itself stays; its next report takes the note away. */
	unreachable(shard: string, error: { readonly code: string; readonly message: string }, now: number): void {
		this.#sql.exec(
			'UPDATE fleet_shards SET error_code = ?, error_message = ?, error_tag = NULL, error_at = ? WHERE shard = ?',
			error.code,
			error.message.slice(0, MAX_MESSAGE),
			now,
			shard,
		)
	}

	/** @throws SQLakeError SHARD_NOT_FOUND */
	get(shard: string): RegisteredShard {
		const [row] = this.#sql.exec<Row>('SELECT * FROM fleet_shards WHERE shard = ?', shard)
		if (row === undefined) throw unknown(shard)
		return registered(row)
	}

	/** @throws SQLakeError SHARD_NOT_FOUND */
	forget(shard: string): void {
		this.get(shard)
		this.#sql.exec('DELETE FROM fleet_shards WHERE shard = ?', shard)
	}

	/** The shards that reported last, at most `limit`. */
	some(limit: number): RegisteredShard[] {
		return Array.from(this.#sql.exec<Row>('SELECT * FROM fleet_shards LIMIT ?', limit), registered)
	}

	/**
	 * One page. Without a filter, or with one for the version, in the order of the names; with one for the state by version, then name.
	 *
	 * @throws SQLakeError RPC_INVALID for a cursor that no page gave
	 */
	page({ state, version, cursor, limit = PAGE }: ShardFilter): ShardPage {
		const size = Math.min(Math.max(1, Math.trunc(limit)), MAX_PAGE)
		const conditions: string[] = []
		const values: (string | number)[] = []
		if (state !== undefined) {
			conditions.push('state = ?')
			values.push(state)
		}
		if (version !== undefined) {
			conditions.push('version = ?')
			values.push(versionText(version))
		}
		if (cursor !== undefined) {
			conditions.push('(version, shard) > (?, ?)')
			values.push(...positionOf(cursor))
		}
		const filtered = state !== undefined || version !== undefined
		if (!filtered && cursor !== undefined) {
			conditions[0] = 'shard > ?'
			values.shift()
		}
		const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
		const order = filtered ? 'version, shard' : 'shard'
		const query = `SELECT * FROM fleet_shards ${where} ORDER BY ${order} LIMIT ?`
		const rows = Array.from(this.#sql.exec<Row>(query, ...values, size + 1))
		const shown = rows.slice(0, size)
		const last = rows.length > size ? shown.at(-1) : undefined
		return {
			shards: shown.map(registered),
			cursor: last === undefined ? null : JSON.stringify([last.version, last.shard]),
		}
	}

	/** Counts of all shards, and the commonest failures. */
	summary(): RegisterSummary {
		const versions = new Map<string, number>()
		const states: Record<MigrationState, number> = { ...STATES }
		let shards = 0
		const groups = this.#sql.exec<{ state: MigrationState; version: string; n: number }>(
			'SELECT state, version, count(*) AS n FROM fleet_shards GROUP BY state, version',
		)
		for (const { state, version, n } of groups) {
			shards += n
			states[state] += n
			versions.set(version, (versions.get(version) ?? 0) + n)
		}
		const failures = this.#sql.exec<{ message: string; shards: number; example: string }>(
			`SELECT error_message AS message, count(*) AS shards, min(shard) AS example FROM fleet_shards
			WHERE error_message IS NOT NULL GROUP BY error_message ORDER BY shards DESC, message LIMIT ${MAX_FAILURES}`,
		)
		return {
			shards,
			// Tags begin with their number.
			versions: Array.from(versions, ([version, shards]) => ({ version: versionOf(version), shards })).sort((a, b) =>
				versionText(a.version) < versionText(b.version) ? 1 : -1,
			),
			states,
			failures: Array.from(failures),
		}
	}
}

/** No tag is empty, and NULL neither compares nor sorts as a version should. */
export function versionText(version: string | null): string {
	return version ?? ''
}

/** The version of a text that {@link versionText} made. */
export function versionOf(text: string): string | null {
	return text === '' ? null : text
}

/**
 * `fleet_by_state` also holds what a summary counts; `fleet_failures` is as long as there are failures.
 */
function createTable(sql: Pick<SqlStorage, 'exec'>): void {
	sql.exec(`
		CREATE TABLE IF NOT EXISTS fleet_shards (
			shard TEXT PRIMARY KEY, binding TEXT, version TEXT NOT NULL, state TEXT NOT NULL, last_seen INTEGER NOT NULL,
			error_code TEXT, error_message TEXT, error_tag TEXT, error_at INTEGER
		) WITHOUT ROWID;
		CREATE INDEX IF NOT EXISTS fleet_by_state ON fleet_shards (state, version, shard);
		CREATE INDEX IF NOT EXISTS fleet_by_version ON fleet_shards (version, shard);
		CREATE INDEX IF NOT EXISTS fleet_failures ON fleet_shards (error_message, shard) WHERE error_message IS NOT NULL;
	`)
}

function registered(row: Row): RegisteredShard {
	return {
		shard: row.shard,
		binding: row.binding,
		version: versionOf(row.version),
		state: row.state,
		lastSeen: row.last_seen,
		lastError:
			row.error_code === null
				? null
				: { code: row.error_code, message: row.error_message ?? '', tag: row.error_tag, at: row.error_at ?? 0 },
	}
}

function positionOf(cursor: string): [version: string, shard: string] {
	try {
		const position: unknown = JSON.parse(cursor)
		if (Array.isArray(position) && position.length === 2 && position.every((part) => typeof part === 'string')) {
			return [String(position[0]), String(position[1])]
		}
	} catch {
		// Told below, as any other text that is no cursor.
	}
	throw new SQLakeError('RPC_INVALID', 'cursor: expected the one that came with the page before, found another text', {
		hint: 'begin with the first page: leave the cursor out',
	})
}

function unknown(shard: string): SQLakeError {
	return new SQLakeError('SHARD_NOT_FOUND', `shard ${JSON.stringify(shard)}: expected one that is registered, found none`)
}
