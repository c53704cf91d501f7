/**
 * Runs the script of one migration, within a transaction that the caller has opened.
 *
 * @module
 */
import { messageOf, SQLakeError } from '../errors.ts'
import { fold } from '../schema/fold.ts'
import { correctCopy } from './copy-rows.ts'
import { checkForeignKeys, foreignKeysAreOn, tableAtRisk } from './foreign-keys.ts'
import { type KeptObjects, keepObjects } from './kept-objects.ts'
import { MigrationError } from './migration-error.ts'
import { assertRunnable, type MigrationScript, type ScriptStatement } from './migration-script.ts'

/** What others must do around a migration's statements, within its transaction. Whoever watches tables with triggers needs it. */
export interface MigrationHooks {
	/** Rows are about to be written, and tables have changed since the last call. */
	settle(): void
	/** A column of the table is about to be dropped, which SQLite refuses while a trigger names it. */
	dropColumn(table: string): void
	/**
	 * A table is about to be dropped, and `by`, which holds its rows, to take its name.
	 *
	 * @param isFinal - whether it is by then what it will be at the migration's end
	 */
	replaceTable(table: string, by: string, isFinal: boolean): void
	/** A table is about to be dropped for good. */
	dropTable(table: string): void
	/** All statements have run. */
	finish(): void
}

/** Dropping a table would lose rows of another, because foreign keys are on. */
export class ForeignKeysOnError extends MigrationError {
	constructor(table: string, atRisk: string) {
		super(
			'MIGRATION_FAILED',
			`rebuilding table "${table}": expected foreign keys to be off, found them on: rows of "${atRisk}" would be deleted or changed`,
			{ hint: 'nothing was changed; the migration is tried again between two requests', details: { table, atRisk } },
		)
	}
}

/**
 * Runs the statements of a script in order. Rebuilt tables keep their triggers and indexes; a copy that would fill a new column
 * with its own name leaves the column to its default.
 *
 * @param tag - of the migration, for messages
 * @throws MigrationError MIGRATION_INVALID before anything has run for what no migration can do; MIGRATION_FAILED with SQLite's own
 *   message, the number of the statement, and the cause; {@link ForeignKeysOnError}
 */
export function runScript(sql: SqlStorage, tag: string, script: MigrationScript, hooks: MigrationHooks | null): void {
	assertRunnable(tag, script)
	const { statements } = script
	const run = new ScriptRun(sql, statements, hooks)
	for (const [index, statement] of statements.entries()) {
		try {
			run.step(statement, index)
		} catch (cause) {
			if (cause instanceof ForeignKeysOnError) throw cause
			throw new MigrationError(
				'MIGRATION_FAILED',
				`migration "${tag}", statement ${index + 1} of ${statements.length}: ${messageOf(cause)}`,
				{
					cause,
					hint: SQLakeError.is(cause) ? cause.hint : 'nothing of this migration was applied; correct the data, or the migration',
					details: { tag, statement: index + 1 },
				},
			)
		}
	}
	try {
		run.finish()
		if (!foreignKeysAreOn(sql)) checkForeignKeys(sql)
	} catch (cause) {
		throw new MigrationError('MIGRATION_FAILED', `migration "${tag}", after its last statement: ${messageOf(cause)}`, {
			cause,
			hint: SQLakeError.is(cause) ? cause.hint : undefined,
			details: { tag },
		})
	}
}

class ScriptRun {
	readonly #sql: SqlStorage
	readonly #statements: readonly ScriptStatement[]
	readonly #hooks: MigrationHooks | null
	/** By the name of the table that takes the place of another, in lower case. */
	readonly #kept = new Map<string, KeptObjects>()
	readonly #rebuilt: KeptObjects[] = []
	#changed = false

	constructor(sql: SqlStorage, statements: readonly ScriptStatement[], hooks: MigrationHooks | null) {
		this.#sql = sql
		this.#statements = statements
		this.#hooks = hooks
	}

	step({ text, effect }: ScriptStatement, index: number): void {
		switch (effect.kind) {
			case 'foreign-keys':
			case 'transaction':
				// Whoever opened the transaction that this one runs in has seen to both.
				return
			case 'drop-table':
				this.#dropTable(effect.table, effect.replacedBy, text, index)
				break
			case 'rename-table':
				this.#run(text)
				this.#putBack(effect.table)
				break
			case 'drop-column':
				this.#hooks?.dropColumn(effect.table)
				this.#run(text)
				this.#changed = true
				// At once: whoever let go of the table would not see that a column gets the name of the one that is gone.
				this.#settle()
				return
			case 'alter-table':
			case 'schema':
				this.#run(text)
				break
			case 'copy':
				if (!this.#isReplacement(effect.table)) this.#settle()
				this.#run(correctCopy(this.#sql, text))
				return
			case 'read':
				this.#run(text)
				return
			default:
				this.#settle()
				this.#run(text)
				if (effect.kind === 'write') return
		}
		this.#changed = true
	}

	finish(): void {
		for (const kept of this.#rebuilt) kept.finish()
		this.#hooks?.finish()
	}

	#dropTable(table: string, replacedBy: string | null, text: string, index: number): void {
		if (this.#exists(table)) {
			if (replacedBy !== null && this.#exists(replacedBy)) this.#prepareRebuild(table, replacedBy, index)
			else this.#hooks?.dropTable(table)
		}
		this.#run(text)
	}

	#prepareRebuild(table: string, by: string, index: number): void {
		const atRisk = foreignKeysAreOn(this.#sql) ? tableAtRisk(this.#sql, table) : null
		if (atRisk !== null) throw new ForeignKeysOnError(table, atRisk)
		this.#settle()
		const later = this.#statements.slice(index + 1)
		this.#kept.set(fold(by), keepObjects(this.#sql, table, later))
		this.#hooks?.replaceTable(table, by, !later.some((statement) => changesShape(statement, table)))
		this.#keepSequence(table, by)
	}

	#putBack(renamed: string): void {
		const kept = this.#kept.get(fold(renamed))
		if (kept === undefined) return
		this.#kept.delete(fold(renamed))
		this.#rebuilt.push(kept)
		kept.putBack()
	}

	/** An AUTOINCREMENT key goes on where it was: the highest ever given, not the highest there is. */
	#keepSequence(table: string, by: string): void {
		if (!this.#exists('sqlite_sequence')) return
		this.#sql.exec(
			`UPDATE sqlite_sequence SET seq = max(seq, (SELECT seq FROM sqlite_sequence WHERE name = ?)) WHERE name = ?
			AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)`,
			table,
			by,
			table,
		)
	}

	/** Between the drop of a table and the renaming of its replacement there is nothing to settle on. */
	#settle(): void {
		if (!this.#changed || this.#kept.size > 0) return
		this.#hooks?.settle()
		this.#changed = false
	}

	#isReplacement(table: string): boolean {
		return this.#statements.some(
			({ effect }) => effect.kind === 'drop-table' && effect.replacedBy !== null && fold(effect.replacedBy) === fold(table),
		)
	}

	#exists(table: string): boolean {
		return (
			this.#sql.exec("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)", table).toArray().length > 0
		)
	}

	#run(text: string): void {
		// Read to the end: a statement that returns rows has not run before.
		this.#sql.exec(text).toArray()
	}
}

/** Whether a statement may change a table's columns, or what has its name. */
function changesShape({ effect }: ScriptStatement, table: string): boolean {
	if (effect.kind === 'alter-table' || effect.kind === 'drop-column' || effect.kind === 'unknown') return true
	const leaves = effect.kind === 'drop-table' || effect.kind === 'rename-table'
	return leaves && fold(effect.table) === fold(table)
}
