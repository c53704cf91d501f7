/**
 * Capture needs `PRAGMA recursive_triggers = ON`: without it REPLACE removes rows without a trace. The pragma also lets the
 * user's triggers fire themselves, and one that always does so would make every write of its table fail. Such triggers are
 * found here, before they do harm.
 *
 * @module
 */

import { type CreateTriggerStmt, type Expr, parse, type TriggerCmd } from 'sqlite3-parser'
import { SQLakeError } from '../errors.ts'
import { fold } from '../schema/fold.ts'

type TriggerEvent = 'INSERT' | 'UPDATE' | 'DELETE'

/** What a statement in a trigger's body does for certain, whatever the data. */
interface CertainWrite {
	readonly event: TriggerEvent
	readonly table: string
	/** Folded names of the columns that an UPDATE sets. */
	readonly columns: ReadonlySet<string>
	/** Whether an UPDATE takes exactly the row that the trigger fired for. */
	readonly sameRow: boolean
}

interface UserTrigger {
	readonly name: string
	readonly event: TriggerEvent
	readonly table: string
	/** Folded names after UPDATE OF; null where every column counts. */
	readonly columns: ReadonlySet<string> | null
	readonly writes: readonly CertainWrite[]
}

/**
 * Refuses triggers that would fire themselves without end, on their own or through each other. A trigger counts only where
 * nothing can stop it: neither it nor one on the way back to it has a WHEN clause or calls RAISE, each statement on the way
 * writes for certain (an UPDATE whose WHERE does no more than find the row by NEW or OLD, an INSERT of VALUES), and the columns
 * an UPDATE sets are among those that the next trigger fires for. DELETE triggers run out of rows.
 *
 * @param createTriggers - CREATE TRIGGER of the user's triggers, as `sqlite_schema` has them
 * @throws SQLakeError CAPTURE_RECURSIVE_TRIGGER
 */
export function refuseEndlessTriggers(createTriggers: readonly string[]): void {
	const triggers = createTriggers.map(readTrigger).filter((trigger) => trigger !== null)
	for (const trigger of triggers) {
		const cycle = cycleFrom(trigger, triggers)
		if (cycle === null) continue
		const [through] = cycle.slice(1)
		throw new SQLakeError(
			'CAPTURE_RECURSIVE_TRIGGER',
			`trigger "${trigger.name}" on "${trigger.table}": expected an end to its firing, found that it fires itself again` +
				`${through === undefined ? '' : ` through "${through.name}"`} each time`,
			{
				hint:
					`change capture needs recursive_triggers, under which triggers fire themselves; give "${trigger.name}" a condition ` +
					'that its own write makes false, like WHEN NEW.updated_at IS OLD.updated_at, or name the columns it watches in UPDATE OF',
				details: { trigger: trigger.name, table: trigger.table, cycle: cycle.map(({ name }) => name) },
			},
		)
	}
}

/** The triggers on a way from a trigger back to itself, starting with it; null where there is none. */
function cycleFrom(start: UserTrigger, triggers: readonly UserTrigger[]): readonly UserTrigger[] | null {
	const visited = new Set<UserTrigger>()
	const search = (trigger: UserTrigger, path: readonly UserTrigger[]): readonly UserTrigger[] | null => {
		for (const write of trigger.writes) {
			for (const next of triggers) {
				if (!fires(write, next)) continue
				// An UPDATE of other rows of the same table, as down a tree, ends where they do.
				if (next === trigger && write.event === 'UPDATE' && !write.sameRow) continue
				if (next === start) return path
				if (visited.has(next)) continue
				visited.add(next)
				const found = search(next, [...path, next])
				if (found !== null) return found
			}
		}
		return null
	}
	return search(start, [start])
}

function fires(write: CertainWrite, trigger: UserTrigger): boolean {
	if (write.event !== trigger.event || write.table !== trigger.table) return false
	const { columns } = trigger
	return columns === null || [...write.columns].some((column) => columns.has(column))
}

/** What matters of a trigger; null where it cannot be part of an endless firing. */
function readTrigger(createTrigger: string): UserTrigger | null {
	const parsed = parse(createTrigger)
	// SQLite has accepted the text. Where the parser has not, refusing a trigger that may be harmless would be worse.
	if (parsed.status !== 'ok') return null
	const [statement] = parsed.root.cmds
	if (statement?.type !== 'CreateTriggerStmt' || statement.whenClause !== undefined) return null
	if (/\bRAISE\b/i.test(createTrigger)) return null
	const { event } = statement
	return {
		name: statement.triggerName.objName.text,
		event: eventOf(statement),
		table: fold(statement.tblName.objName.text),
		columns: event.type === 'UpdateOfTriggerEvent' ? new Set(event.columns.map(({ text }) => fold(text))) : null,
		writes: statement.commands.map(certainWrite).filter((write) => write !== null),
	}
}

function eventOf({ event }: CreateTriggerStmt): TriggerEvent {
	switch (event.type) {
		case 'InsertTriggerEvent':
			return 'INSERT'
		case 'DeleteTriggerEvent':
			return 'DELETE'
		default:
			return 'UPDATE'
	}
}

function certainWrite(command: TriggerCmd): CertainWrite | null {
	if (command.type === 'UpdateTriggerCmd') {
		const conditions = command.whereClause === undefined ? [] : conjuncts(command.whereClause)
		const keys = conditions.map(rowReference)
		if (command.from !== undefined || keys.some((key) => key === null)) return null
		return {
			event: 'UPDATE',
			table: fold(command.tblName.objName.text),
			columns: new Set(command.sets.flatMap(({ colNames }) => colNames.map(({ text }) => fold(text)))),
			sameRow: keys.every((key) => key?.sameColumn === true),
		}
	}
	if (command.type === 'InsertTriggerCmd') {
		if (command.orConflict === 'Ignore' || command.upsert !== undefined) return null
		if (command.select.select.type !== 'SelectValues') return null
		return { event: 'INSERT', table: fold(command.tblName.objName.text), columns: new Set(), sameRow: false }
	}
	return null
}

function conjuncts(expression: Expr): readonly Expr[] {
	if (expression.type === 'BinaryExpr' && expression.op === 'And') {
		return [...conjuncts(expression.left), ...conjuncts(expression.right)]
	}
	if (expression.type === 'ParenthesizedExpr' && expression.exprs.length === 1) return expression.exprs.flatMap(conjuncts)
	return [expression]
}

/** A condition `column = NEW.column` or `= OLD.column`, either way round; null for any other. */
function rowReference(condition: Expr): { readonly sameColumn: boolean } | null {
	if (condition.type !== 'BinaryExpr' || (condition.op !== 'Equals' && condition.op !== 'Is')) return null
	for (const [column, reference] of [
		[condition.left, condition.right],
		[condition.right, condition.left],
	]) {
		if (column === undefined || reference?.type !== 'QualifiedExpr' || !/^(new|old)$/i.test(reference.table.text)) continue
		const name = column.type === 'Id' ? column.name : column.type === 'QualifiedExpr' ? column.column.text : null
		if (name === null) continue
		return { sameColumn: fold(name) === fold(reference.column.text) }
	}
	return null
}
