/**
 * Constants of a statement, and what a comparison with one says of a lake column.
 *
 * @module
 */

import type { Expr } from 'sqlite3-parser'
import type { ScanPredicate, ScanValue } from '../../lake/iceberg/scan-predicate.ts'
import { ALWAYS_TRUE } from '../../lake/iceberg/scan-predicate.ts'
import { numericText, timestampLimit } from '../../lake/parquet/lake-types.ts'
import type { ParsedStatement } from '../../router/parse-sql.ts'
import { parseInt64 } from '../../schema/int64.ts'
import { isNumericText } from '../../schema/sqlite-kind.ts'
import type { ColumnSchema, LakeType } from '../../schema/table-schema.ts'
import type { EngineValue } from '../query-engine.ts'

/** The comparisons that files can be skipped by. */
export type ComparisonOp = 'eq' | 'lt' | 'lte' | 'gt' | 'gte'

/** The value of a literal or a parameter, with a sign or in parentheses; undefined for any other expression. */
export function constantOf(expr: Expr, parsed: ParsedStatement, params: readonly EngineValue[]): EngineValue | undefined {
	switch (expr.type) {
		case 'VariableExpr': {
			const index = parsed.parameters.get(expr)
			return index === undefined ? undefined : params[index]
		}
		case 'StringLiteral':
			return expr.value
		case 'BlobLiteral':
			return expr.bytes
		case 'NumericLiteral':
			if (/^0x/i.test(expr.value)) return BigInt.asIntN(64, BigInt(expr.value))
			return parseInt64(expr.value) ?? Number(expr.value)
		case 'UnaryExpr': {
			const value = expr.op === 'Negative' ? constantOf(expr.expr, parsed, params) : undefined
			return typeof value === 'number' || typeof value === 'bigint' ? -value : undefined
		}
		case 'ParenthesizedExpr':
			return expr.exprs.length === 1 && expr.exprs[0] !== undefined ? constantOf(expr.exprs[0], parsed, params) : undefined
		default:
			return undefined
	}
}

/** What {@link comparison} needs to know of a column. */
export type ComparedColumn = Pick<ColumnSchema, 'fieldId' | 'lakeType'> & {
	readonly unit?: bigint
	readonly limit?: bigint
	/** Where the lake holds numbers as text. */
	readonly numeric?: ColumnSchema
}

/** A column of a table as {@link comparison} takes it. */
export function comparedColumn(column: ColumnSchema): ComparedColumn {
	const { fieldId, lakeType } = column
	if (isNumericText(column)) return { fieldId, lakeType, numeric: column }
	if (lakeType !== 'timestamptz') return { fieldId, lakeType }
	return { fieldId, lakeType, unit: column.mode === 'timestamp_ms' ? 1_000n : 1_000_000n, limit: timestampLimit(column) }
}

/**
 * The predicate that holds for every row for which SQLite finds the comparison true. Where SQLite would convert the operands
 * first, nothing is claimed.
 */
export function comparison(column: ComparedColumn, op: ComparisonOp, value: EngineValue): ScanPredicate {
	if (value === null || Number.isNaN(value)) return { op: 'alwaysFalse' }
	const { fieldId, lakeType } = column
	if (lakeType === 'double') {
		const exact = typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
		return typeof exact === 'number' ? { op, fieldId, value: exact } : ALWAYS_TRUE
	}
	if (column.numeric !== undefined) return numericComparison(column.numeric, fieldId, op, value)
	if (lakeType === 'string') return typeof value === 'string' ? { op, fieldId, value } : ALWAYS_TRUE
	if (lakeType === 'binary') return value instanceof Uint8Array && op === 'eq' ? { op, fieldId, value } : ALWAYS_TRUE
	if (typeof value !== 'number' && typeof value !== 'bigint') return ALWAYS_TRUE
	const whole = wholeNumber(value, op)
	if (whole === undefined) return ALWAYS_TRUE
	const converted = fromInteger(lakeType, column, whole, op)
	return converted === undefined ? ALWAYS_TRUE : { op, fieldId, value: converted }
}

/** Numbers come before all texts, but their digits sort as texts do. */
function numericComparison(column: ColumnSchema, fieldId: number, op: ComparisonOp, value: EngineValue): ScanPredicate {
	const isWhole = typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63
	const text = numericText(column, isWhole ? BigInt(value) : value)
	const isExact = op === 'eq' || (typeof value === 'string' && (op === 'gt' || op === 'gte'))
	return text === undefined || !isExact ? ALWAYS_TRUE : { op, fieldId, value: text }
}

/** The integer to compare with in place of a REAL, rounded to the side where nothing is lost. */
function wholeNumber(value: number | bigint, op: ComparisonOp): bigint | undefined {
	if (typeof value === 'bigint') return value
	if (!Number.isFinite(value) || Math.abs(value) > 2 ** 62) return undefined
	if (Number.isInteger(value)) return BigInt(value)
	if (op === 'eq') return undefined
	return BigInt(op === 'lt' || op === 'lte' ? Math.ceil(value) : Math.floor(value))
}

function fromInteger(type: LakeType, column: ComparedColumn, value: bigint, op: ComparisonOp): ScanValue | undefined {
	if (type === 'boolean') return op !== 'eq' ? undefined : value === 0n ? false : value === 1n ? true : undefined
	if (type === 'long') return value
	const { unit = 1n, limit = 0n } = column
	return value > limit || value < -limit ? undefined : value * unit
}
