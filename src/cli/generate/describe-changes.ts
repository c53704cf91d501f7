/**
 * What a migration does, in words.
 *
 * @module
 */

import type { SnapshotColumn, SnapshotTable } from '../../local/statements/snapshot.ts'
import { changesBetween, columnsBetween, needsRebuild, needsValue } from '../../local/statements/write-statements.ts'
import { applyRenames } from './apply-renames.ts'
import type { SchemaStep } from './down-script.ts'

/** One line for each change of a schema. */
export function describeChanges({ prev, cur, renames }: SchemaStep): readonly string[] {
	const { created, dropped, altered } = changesBetween(applyRenames(prev, renames), cur)
	const views = (name: 'from' | 'to') => (name === 'from' ? prev : cur).views
	return [
		...Array.from(renames.tables, ([from, to]) => `rename table "${from}" to "${to}"`),
		...Array.from(renames.columns, ([table, columns]) =>
			Array.from(columns, ([from, to]) => `rename column "${table}"."${from}" to "${to}"`),
		).flat(),
		...created.map(({ name }) => `create table "${name}"`),
		...altered.flatMap(([before, after]) => tableChanges(before, after)),
		...dropped.map(({ name }) => `drop table "${name}"`),
		...Object.keys(views('to')).flatMap((name) => {
			const before = views('from')[name]
			if (before === undefined) return [`create view "${name}"`]
			return before.definition === views('to')[name]?.definition ? [] : [`change view "${name}"`]
		}),
		...Object.keys(views('from')).flatMap((name) => (views('to')[name] === undefined ? [`drop view "${name}"`] : [])),
	]
}

function tableChanges(before: SnapshotTable, after: SnapshotTable): string[] {
	const { added, dropped, kept } = columnsBetween(before, after)
	const name = (column: SnapshotColumn) => `"${after.name}"."${column.name}"`
	const changes = [
		...added.map((column) => `add column ${name(column)}`),
		...dropped.map((column) => `drop column ${name(column)}`),
		...kept.flatMap(([old, column]) => {
			const differences = columnChanges(old, column)
			return differences.length === 0 ? [] : [`change column ${name(column)}: ${differences.join(', ')}`]
		}),
		...namesThatDiffer(before.indexes, after.indexes).map(([change, index]) => `${change} index "${index}"`),
		...namesThatDiffer(before.checkConstraints, after.checkConstraints).map(([change, check]) => `${change} check "${check}"`),
	]
	const lines = changes.length === 0 ? [`change keys of "${after.name}"`] : changes
	return needsRebuild(before, after) ? [...lines, `copy table "${after.name}" to its new form`] : lines
}

function columnChanges(old: SnapshotColumn, column: SnapshotColumn): string[] {
	return [
		...(old.type === column.type ? [] : [`${old.type} to ${column.type}`]),
		...(old.notNull === column.notNull ? [] : [column.notNull ? 'not null' : 'null allowed']),
		...(old.default === column.default ? [] : [column.default === undefined ? 'no default' : `default ${column.default}`]),
		...(old.primaryKey === column.primaryKey ? [] : [column.primaryKey ? 'primary key' : 'no primary key']),
		...(JSON.stringify(old.generated) === JSON.stringify(column.generated) ? [] : ['another expression']),
	]
}

function namesThatDiffer<T>(
	before: Readonly<Record<string, T>>,
	after: Readonly<Record<string, T>>,
): (readonly [change: string, name: string])[] {
	const changeOf = (name: string): string | null => {
		if (after[name] === undefined) return 'drop'
		if (before[name] === undefined) return 'create'
		return JSON.stringify(before[name]) === JSON.stringify(after[name]) ? null : 'change'
	}
	return Object.keys({ ...before, ...after }).flatMap((name) => {
		const change = changeOf(name)
		return change === null ? [] : [[change, name] as const]
	})
}

/** What to mind before a migration is applied to databases with rows. */
export function warningsOf({ prev, cur, renames }: SchemaStep): readonly string[] {
	const { altered } = changesBetween(applyRenames(prev, renames), cur)
	return altered.flatMap(([before, after]) => {
		const { added, kept } = columnsBetween(before, after)
		const name = (column: SnapshotColumn) => `column "${after.name}"."${column.name}"`
		return [
			...added.filter(needsValue).map((column) => `${name(column)} is NOT NULL without a default: a table with rows refuses it`),
			...kept
				.filter(([old, column]) => !old.notNull && needsValue(column))
				.map(([, column]) => `${name(column)} becomes NOT NULL without a default: a table with NULL in it refuses it`),
			...kept
				.filter(([old, column]) => !old.notNull && column.notNull && column.default !== undefined)
				.map(([, column]) => `${name(column)} becomes NOT NULL: NULL in existing rows becomes ${column.default}`),
		]
	})
}
