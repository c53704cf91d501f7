/**
 * From the conditions of a query to what files can be skipped by.
 *
 * What may prune what: the merge of the current state needs every change of a row that matters, and all of them only carry the
 * row's shard and its key (before or after). So only those skip files there; a plain list of changes can be cut by any column.
 *
 * @module
 */
import { BEFORE_FIELD_OFFSET, CHANGE_FIELDS } from '../../lake/change-table.ts'
import { ALWAYS_TRUE, type ScanPredicate } from '../../lake/iceberg/scan-predicate.ts'
import { type StrayShards, shardKeyId } from '../../lake/stray-shards.ts'
import { comparand, domainOf } from '../../router/key-value.ts'
import { shardNamed } from '../../schema/shard-id.ts'
import { type ColumnSchema, GLOBAL_SHARD } from '../../schema/table-schema.ts'
import { type ComparedColumn, comparedColumn, comparison } from './constants.ts'
import type { SeenColumn, SeenTable } from './seen-table.ts'
import type { ConstantCondition, TableUse } from './statement-tables.ts'

/** Columns that the rows of `between` have besides the table's own, in their order. */
export const CHANGE_COLUMNS: ReadonlyMap<string, ComparedColumn> = new Map([
	['_op', { fieldId: CHANGE_FIELDS.op.id, lakeType: 'string' }],
	['_shard', { fieldId: CHANGE_FIELDS.shard.id, lakeType: 'string' }],
	['_seq', { fieldId: CHANGE_FIELDS.seq.id, lakeType: 'long' }],
	['_ts', { fieldId: CHANGE_FIELDS.ts.id, lakeType: 'timestamptz', unit: 1_000n, limit: 2n ** 53n }],
])

/**
 * The shards that can hold a row that matters: those that its key names, and those that hold rows whose key names another.
 *
 * @param strays As the table says; null where it does not.
 */
export function shardPredicate(use: TableUse, strays: StrayShards | null): ScanPredicate {
	const shards = new Set<string>()
	for (const conditions of use.conditions) {
		const own = shardsOf(use.table, conditions, strays)
		if (own === undefined) return ALWAYS_TRUE
		for (const shard of own) shards.add(shard)
	}
	if (use.conditions.length === 0) return ALWAYS_TRUE
	return { op: 'in', fieldId: CHANGE_FIELDS.shard.id, values: [...shards] }
}

/** The files that can hold a change of a row that matters, by the columns of its primary key. */
export function keyPredicate(use: TableUse): ScanPredicate {
	const keys = new Set(use.table.primaryKey.map((name) => name.toLowerCase()))
	return anyPlacement(use, (condition) => {
		const column = keys.has(condition.column) ? columnNamed(use.table, condition.column) : undefined
		if (column === undefined) return ALWAYS_TRUE
		const compared = comparedColumn(column)
		const before = { ...compared, fieldId: compared.fieldId + BEFORE_FIELD_OFFSET }
		return or([anyValue(compared, condition), anyValue(before, condition)])
	})
}

/** The files that can hold a change that matters, by any column. */
export function changePredicate(use: TableUse): ScanPredicate {
	return anyPlacement(use, (condition) => {
		const extra = CHANGE_COLUMNS.get(condition.column)
		if (extra !== undefined) return anyValue(extra, condition)
		const column = columnNamed(use.table, condition.column)
		return column === undefined ? ALWAYS_TRUE : anyValue(comparedColumn(column), condition)
	})
}

/** Drops the conditions on columns before an update, for files that hold none. */
export function withoutBefore(predicate: ScanPredicate): ScanPredicate {
	if (predicate.op === 'and' || predicate.op === 'or') {
		return { op: predicate.op, operands: predicate.operands.map(withoutBefore) }
	}
	return 'fieldId' in predicate && predicate.fieldId > BEFORE_FIELD_OFFSET ? { op: 'alwaysFalse' } : predicate
}

/** `and` without needless operands. */
export function and(operands: readonly ScanPredicate[]): ScanPredicate {
	const needed = operands.filter((operand) => operand.op !== 'alwaysTrue')
	return needed.length === 0
		? ALWAYS_TRUE
		: needed.length === 1 && needed[0] !== undefined
			? needed[0]
			: { op: 'and', operands: needed }
}

/** `or`, which is true of all rows where an operand is. */
export function or(operands: readonly ScanPredicate[]): ScanPredicate {
	return operands.some((operand) => operand.op === 'alwaysTrue') ? ALWAYS_TRUE : { op: 'or', operands }
}

function anyPlacement(use: TableUse, predicateOf: (condition: ConstantCondition) => ScanPredicate): ScanPredicate {
	return use.conditions.length === 0 ? ALWAYS_TRUE : or(use.conditions.map((conditions) => and(conditions.map(predicateOf))))
}

function anyValue(column: ComparedColumn, { op, values }: ConstantCondition): ScanPredicate {
	return or(values.map((value) => comparison(column, op, value)))
}

/** A column whose comparisons follow the order of its lake type, and that all of its values are in. */
function columnNamed(table: SeenTable, name: string): SeenColumn | undefined {
	const column = table.columns.find((candidate) => candidate.name.toLowerCase() === name)
	if (column === undefined || column.absent || column.former !== undefined || domainOf(column) === null) return undefined
	return column
}

/** The names of the shards that conditions leave; undefined where they leave any. */
function shardsOf(
	table: SeenTable,
	conditions: readonly ConstantCondition[],
	strays: StrayShards | null,
): readonly string[] | undefined {
	const named = conditions.find(({ column, op }) => column === '_shard' && op === 'eq')
	const own = named?.values.map((value) => comparand(value, 'TEXT', named.bound))
	if (own?.includes(undefined) === false) return own.filter((shard) => typeof shard === 'string')
	if (strays === null || strays.key !== shardKeyId(table)) return undefined
	const byKey = table.shardKey === null ? [GLOBAL_SHARD] : shardsByKey(table, table.shardKey, conditions)
	return byKey === undefined ? undefined : [...byKey, ...strays.shards]
}

/** The names of the shards that the conditions on a shard key leave; undefined where they leave any. */
function shardsByKey(
	table: SeenTable,
	shardKey: readonly string[],
	conditions: readonly ConstantCondition[],
): readonly string[] | undefined {
	let keys: (string | number | bigint)[][] = [[]]
	const columns: ColumnSchema[] = []
	for (const name of shardKey) {
		const column = columnNamed(table, name.toLowerCase())
		const condition = conditions.find((candidate) => candidate.column === name.toLowerCase() && candidate.op === 'eq')
		if (column === undefined || condition === undefined) return undefined
		const domain = domainOf(column)
		const values: (string | number | bigint)[] = []
		for (const value of condition.values) {
			const element = domain === null ? undefined : comparand(value, domain, condition.bound)
			if (element === undefined) return undefined
			if (element !== null) values.push(element)
		}
		columns.push(column)
		keys = keys.flatMap((key) => values.map((value) => [...key, value]))
	}
	const affinities = columns.map((column) => column.affinity)
	// Where no shard has that name, such as the empty one, a row with such a key is a stray one.
	return keys.flatMap((key) => shardNamed(key, affinities) ?? [])
}
