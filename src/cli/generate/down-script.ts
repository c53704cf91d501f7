/**
 * The script that undoes a migration, derived from the schemas before and after it.
 *
 * @module
 */

import { checkStatements, statementsBetween } from '../../local/statements/drizzle-kit.ts'
import type { Snapshot, SnapshotColumn } from '../../local/statements/snapshot.ts'
import { changesBetween, columnsBetween, needsValue, placeholderOf } from '../../local/statements/write-statements.ts'
import { splitStatements } from '../../migrator/split-statements.ts'
import { STATEMENT_BREAKPOINT } from '../../migrator/sql-tokens.ts'
import { affinityOf } from '../../schema/affinity.ts'
import { applyRenames, renameStatements } from './apply-renames.ts'
import { type Renames, reverseRenames } from './renames.ts'

/** A migration, as two schemas and what was renamed between them. */
export interface SchemaStep {
	readonly prev: Snapshot
	readonly cur: Snapshot
	readonly renames: Renames
}

/** What begins a line of a script's head that tells what it destroys. */
const LOSS_MARK = '-- Loses: '

/** How a generated script begins. */
export function downHead(tag: string): string {
	return `-- Undoes ${tag}.sql`
}

/** Statements as one text, as drizzle-kit writes them. */
export function joinStatements(statements: readonly string[], breakpoints: boolean): string {
	return statements.join(breakpoints ? `${STATEMENT_BREAKPOINT}\n` : '\n')
}

/** The statements of a migration: renames, then drizzle-kit's. */
export async function upStatements({ prev, cur, renames }: SchemaStep): Promise<readonly string[]> {
	const statements = [...renameStatements(renames), ...(await statementsBetween(applyRenames(prev, renames), cur))]
	checkStatements(prev, statements, cur)
	return statements
}

/**
 * The statements that undo a migration: what changed the other way round, then the renames. Where values that must be are gone,
 * placeholders stand for them: there must be a way back for databases with rows, too.
 */
export async function downStatements({ prev, cur, renames }: SchemaStep): Promise<readonly string[]> {
	const rest = await statementsBetween(cur, applyRenames(prev, renames), 'fill')
	const statements = [...rest, ...renameStatements(reverseRenames(renames))]
	checkStatements(cur, statements, prev)
	return statements
}

/** The text of a down script, with what it cannot bring back in its head. */
export async function downScript(tag: string, step: SchemaStep, breakpoints: boolean): Promise<string> {
	const losses = lossesOf(step)
	const head = [
		`${downHead(tag)}. Edit it where you know better: it is never written again.`,
		...(losses.length === 0 ? ['-- Nothing is lost.'] : losses.map((loss) => LOSS_MARK + loss)),
	]
	return `${head.join('\n')}\n${joinStatements(await downStatements(step), breakpoints)}`
}

/** The script of a migration that was written by hand, for its author to fill in. */
export function emptyDownScript(tag: string): string {
	return (
		`${downHead(tag)}: put the statements below. While there are none, the migration cannot be undone.\n` +
		`-- A line that begins with "${LOSS_MARK.trim().slice(3)}" tells what is lost, and needs --accept-data-loss.\n`
	)
}

/** What the head of a down script says of losses. */
export function lossesIn(script: string): readonly string[] {
	return script
		.split(/\r?\n/)
		.filter((line) => line.startsWith(LOSS_MARK))
		.map((line) => line.slice(LOSS_MARK.length).trim())
}

/** Tells whether a script has a statement. */
export function hasStatements(script: string): boolean {
	return splitStatements(script).length > 0
}

/** What a down script destroys, and what the migration destroyed and cannot be brought back. */
export function lossesOf({ prev, cur, renames }: SchemaStep): readonly string[] {
	const before = applyRenames(prev, renames)
	const { created, dropped, altered } = changesBetween(before, cur)
	return [
		...created.map(({ name }) => `table "${name}" with its rows`),
		...dropped.map(({ name }) => `the rows of table "${name}", which the migration dropped: it comes back empty`),
		...altered.flatMap(([old, now]) => {
			const columns = columnsBetween(old, now)
			const nameOf = (column: SnapshotColumn) => `column "${now.name}"."${column.name}"`
			return [
				...columns.added.filter(isStored).map((column) => `${nameOf(column)} with its values`),
				...columns.dropped
					.filter(isStored)
					.map((column) => `the values of ${nameOf(column)}, which the migration dropped: it comes back ${emptyValue(column)}`),
				...columns.kept.flatMap(([from, to]) => changedValues(nameOf(to), from, to)),
			]
		}),
	]
}

function changedValues(name: string, from: SnapshotColumn, to: SnapshotColumn): readonly string[] {
	const [before, after] = [affinityOf(from.type), affinityOf(to.type)]
	return [
		...(before === after ? [] : [`the form of values of ${name} that ${before} and ${after} write differently`]),
		...(from.notNull && !to.notNull && !from.primaryKey ? [`NULL in ${name}: it becomes ${valueInstead(from)}`] : []),
		...(!from.notNull && to.notNull && to.default !== undefined
			? [`NULL in ${name}, which the migration made ${to.default}`]
			: []),
	]
}

function isStored({ generated }: SnapshotColumn): boolean {
	return generated === undefined
}

function emptyValue(column: SnapshotColumn): string {
	return column.default === undefined && !needsValue(column) ? 'empty' : `as ${valueInstead(column)}`
}

function valueInstead(column: SnapshotColumn): string {
	return column.default === undefined ? placeholderOf(column) : String(column.default)
}
