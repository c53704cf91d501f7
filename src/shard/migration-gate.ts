/**
 * What a shard refuses while its tables are not those of the code.
 *
 * @module
 */
import { parseStmt, tokenize, tokenName } from 'sqlite3-parser'
import { SQLakeError, type SQLakeErrorCode } from '../errors.ts'
import type { Migration } from '../migrator/manifest.ts'
import { readScript, tablesChangedBy } from '../migrator/migration-script.ts'
import type { MigrationStatus } from '../migrator/migration-status.ts'
import { fold } from '../schema/fold.ts'
import type { LakeSchema } from '../schema/table-schema.ts'

/** What a gate decides by. */
export interface MigrationGateParts {
	readonly sql: SqlStorage
	readonly shard: string
	readonly status: MigrationStatus
	/** The migrations that are not applied. */
	readonly pending: readonly Migration[]
	/** The tables as the code has them. */
	readonly lake: LakeSchema
}

/**
 * Refuses statements of a shard whose migrations are not all applied. Reads go on. A write to a table that a failing migration
 * changes is refused; so is every write where what is applied is not what the code has.
 *
 * And a statement that names, in double quotes, a column of the code which the table does not have: SQLite would read the name as
 * a text, and answer it in every row (https://www.sqlite.org/quirks.html section 8).
 */
export class MigrationGate {
	readonly #parts: MigrationGateParts
	/** Folded names of the tables that pending migrations change; null where they cannot be told. */
	readonly #changed: ReadonlySet<string> | null
	/** Columns that the code has and the database lacks, by table. All names are in lower case. */
	readonly #missing: ReadonlyMap<string, ReadonlySet<string>>
	readonly #columns: ReadonlyMap<string, ReadonlySet<string>>

	constructor(parts: MigrationGateParts) {
		this.#parts = parts
		this.#changed = tablesOf(parts.pending)
		this.#columns = columnsOf(parts.sql)
		this.#missing = missingColumns(parts.lake, this.#columns)
	}

	/**
	 * @param text - one statement
	 * @throws SQLakeError MIGRATION_PENDING, MIGRATION_AHEAD, or the code of what is wrong with the migrations
	 */
	check(text: string): void {
		const target = writeTarget(text)
		if (target.kind !== 'read') this.#checkWrite(target.kind === 'write' ? target.table : null)
		if (this.#missing.size > 0) this.#checkNames(text)
	}

	/** The error of a statement in words for what it is due to: the tables are not yet those of the code. */
	explain(error: unknown): unknown {
		const { status, shard } = this.#parts
		if (!SQLakeError.is(error, 'QUERY_FAILED') || status.pendingCount === 0) return error
		if (!/no such (?:column|table)|has no column named/i.test(error.message)) return error
		return new SQLakeError('MIGRATION_PENDING', `shard ${JSON.stringify(shard)}: ${error.message}; ${this.#why()}`, {
			cause: error,
			details: { ...error.details, pending: status.pending },
		})
	}

	#checkWrite(table: string | null): void {
		const { status, shard } = this.#parts
		const { state, lastError } = status
		if (state === 'ahead' || state === 'invalid') {
			throw new SQLakeError(
				(lastError?.code ?? 'MIGRATION_FAILED') as SQLakeErrorCode,
				`shard ${JSON.stringify(shard)} takes no writes: ${lastError?.message ?? state}`,
				{ details: { state, tag: lastError?.tag } },
			)
		}
		if (state !== 'failed') return
		if (this.#changed !== null && table !== null && !this.#changed.has(table)) return
		const what = table === null ? 'a write' : `a write to table "${table}"`
		throw new SQLakeError('MIGRATION_PENDING', `shard ${JSON.stringify(shard)}: ${what} has to wait; ${this.#why()}`, {
			details: { table, pending: status.pending, retryAt: status.retryAt },
		})
	}

	#checkNames(text: string): void {
		const { shard, status } = this.#parts
		const names = [...tokenize(text)].flatMap((token) =>
			tokenName(token.type) === 'ID' ? [{ name: unquote(token.text), quoted: token.text.startsWith('"') }] : [],
		)
		const tables = [...this.#columns.keys()].filter((table) => names.some(({ name }) => name === table))
		for (const { name, quoted } of names) {
			if (!quoted || tables.some((table) => this.#columns.get(table)?.has(name))) continue
			const table = tables.find((table) => this.#missing.get(table)?.has(name))
			if (table === undefined) continue
			throw new SQLakeError(
				status.state === 'ahead' ? 'MIGRATION_AHEAD' : 'MIGRATION_PENDING',
				`shard ${JSON.stringify(shard)}: table "${table}": expected the column "${name}", found none; ${this.#why()}`,
				{ details: { table, column: name, pending: status.pending } },
			)
		}
	}

	#why(): string {
		const { pending, lastError } = this.#parts.status
		const first = pending[0]
		if (lastError !== null) return lastError.message
		return first === undefined ? 'the tables are not those of the code' : `migration "${first}" is not applied`
	}
}

type WriteTarget = { readonly kind: 'read' | 'unknown' } | { readonly kind: 'write'; readonly table: string }

function writeTarget(text: string): WriteTarget {
	const parsed = parseStmt(text)
	if (parsed.status !== 'ok') return { kind: 'unknown' }
	switch (parsed.root.type) {
		case 'InsertStmt':
		case 'UpdateStmt':
		case 'DeleteStmt':
			return { kind: 'write', table: fold(parsed.root.tblName.objName.text) }
		case 'SelectStmt':
		case 'ExplainStmt':
		case 'PragmaStmt':
			return { kind: 'read' }
		default:
			return { kind: 'unknown' }
	}
}

function tablesOf(pending: readonly Migration[]): ReadonlySet<string> | null {
	const tables = new Set<string>()
	for (const { sql, tables: captured = {} } of pending) {
		const changed = tablesChangedBy(readScript(sql))
		if (changed === null) return null
		for (const table of [...changed, ...Object.keys(captured)]) tables.add(fold(table))
	}
	return tables
}

/** The columns of every table, in lower case. */
function columnsOf(sql: SqlStorage): Map<string, Set<string>> {
	const columns = new Map<string, Set<string>>()
	// The platform's own tables, such as that of an alarm, are closed even to questions.
	const rows = sql.exec(
		"SELECT lower(t.name), lower(c.name) FROM sqlite_schema AS t JOIN pragma_table_xinfo(t.name) AS c WHERE t.type = 'table' AND t.name NOT GLOB '_cf_*'",
	)
	for (const [table, column] of rows.raw()) {
		const name = String(table)
		columns.set(name, (columns.get(name) ?? new Set()).add(String(column)))
	}
	return columns
}

function missingColumns(lake: LakeSchema, columns: ReadonlyMap<string, ReadonlySet<string>>): Map<string, Set<string>> {
	const missing = new Map<string, Set<string>>()
	for (const table of lake.tables.values()) {
		const present = columns.get(fold(table.name))
		if (present === undefined) continue
		const lacking = table.columns.map(({ name }) => fold(name)).filter((name) => !present.has(name))
		if (lacking.length > 0) missing.set(fold(table.name), new Set(lacking))
	}
	return missing
}

function unquote(text: string): string {
	const [quote] = text
	if (quote === '[') return fold(text.slice(1, -1))
	if (quote !== '"' && quote !== '`') return fold(text)
	return fold(text.slice(1, -1).replaceAll(quote + quote, quote))
}
