/**
 * From SQLite's dialect to DuckDB's: the seam between the SQL of the user and the engine. The statement is rewritten in place,
 * guided by its tree, so that what is not known here passes through as it was written and DuckDB judges it.
 *
 * @module
 */
import type { Expr, Limit, OneSelect, Select, Type } from 'sqlite3-parser'
import { traverse } from 'sqlite3-parser'
import { SQLakeError } from '../../errors.ts'
import type { ParsedStatement } from '../../router/parse-sql.ts'
import { affinityOf } from '../../schema/affinity.ts'
import { literal, quoteIdentifier, quoteText } from '../engines/duckdb-sql.ts'
import type { EngineValue } from '../query-engine.ts'
import { SourceEdits, type SourceSpan } from './source-edits.ts'

/** A SELECT in SQLite's dialect, with what it is about. */
export interface DialectInput {
	readonly parsed: ParsedStatement
	readonly select: Select
	/** One for each parameter. */
	readonly params: readonly EngineValue[]
	/** Names, in lower case, that a name in double quotes may mean; any other is text (https://www.sqlite.org/quirks.html, 8). */
	readonly knownNames: ReadonlySet<string>
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LOWER = UPPER.toLowerCase()

const COMPARISONS: ReadonlySet<string> = new Set([
	'Equals',
	'NotEquals',
	'Less',
	'LessEquals',
	'Greater',
	'GreaterEquals',
	'Is',
	'IsNot',
])

/**
 * The same query for DuckDB, its parameters written into it: DuckDB then knows their types, and equal expressions stay equal.
 *
 * @throws `DIALECT_UNSUPPORTED` for what has no equal in DuckDB; `VALUE_UNSUPPORTED` for an integer beyond 64 bits.
 * @example
 * toDuckDB({ parsed: parseSQL('SELECT `n` / ? FROM t'), ... }) // SELECT "n" / CAST('2' AS DOUBLE) FROM t
 */
export function toDuckDB(input: DialectInput): string {
	return new Rewriter(input).rewrite()
}

class Rewriter {
	readonly #input: DialectInput
	readonly #source: string
	readonly #edits: SourceEdits
	/** Expressions that are compared, or limit rows: a whole number there is an INTEGER in DuckDB. */
	readonly #compared = new Set<Expr>()

	constructor(input: DialectInput) {
		this.#input = input
		this.#source = input.parsed.sql
		this.#edits = new SourceEdits(this.#source)
	}

	rewrite(): string {
		this.#nameColumns(this.#input.select.select)
		traverse(this.#input.select, {
			nodes: {
				Limit: (node) => this.#limit(node),
				BinaryExpr: (node) => {
					if (!COMPARISONS.has(node.op)) return
					this.#compare(node.left, node.right)
					if (node.op === 'Is') this.#between(node.left, node.right, ' IS NOT DISTINCT FROM ')
					if (node.op === 'IsNot') this.#between(node.left, node.right, ' IS DISTINCT FROM ')
				},
				InListExpr: (node) => this.#compare(node.lhs, ...(node.rhs ?? [])),
				BetweenExpr: (node) => this.#compare(node.lhs, node.start, node.end),
				LikeExpr: (node) => {
					if (node.op !== 'Like') return
					for (const side of [node.lhs, node.rhs]) {
						this.#edits.wrap(side.span, 'translate(CAST(', ` AS VARCHAR), '${UPPER}', '${LOWER}')`)
					}
				},
				CastExpr: (node) => this.#cast(node.expr, node.typeName),
				VariableExpr: (node) => {
					const index = this.#input.parsed.parameters.get(node)
					const value = (index === undefined ? null : this.#input.params[index]) ?? null
					this.#edits.replace(node.span, literal(this.#compared.has(node) ? asInteger(value) : value))
				},
				NumericLiteral: (node) => this.#edits.replace(node.span, numericLiteral(node.value)),
				BlobLiteral: (node) => this.#edits.replace(node.span, literal(node.bytes)),
				Id: (node) => this.#identifier(node.name, node.span),
				Name: (node) => this.#requote(node.text, node.span),
				QualifiedName: (node) => {
					// Tables are views of the session here, in no database that SQLite's "main" could name.
					if (node.dbName !== undefined) {
						const { offset } = node.dbName.span
						this.#edits.replace({ offset, length: node.objName.span.offset - offset }, '')
					}
				},
			},
		})
		return this.#edits.apply().replace(/;\s*$/, '')
	}

	/** An output without a name is called by its text in SQLite. */
	#nameColumns(select: OneSelect): void {
		if (select.type !== 'SelectFrom') return
		for (const column of select.columns) {
			if (column.type !== 'ExprResultColumn' || column.alias !== undefined) continue
			const { expr } = column
			if (expr.type === 'Id' || expr.type === 'QualifiedExpr') continue
			const { offset, length } = expr.span
			this.#edits.wrap(expr.span, '', ` AS ${quoteIdentifier(this.#source.slice(offset, offset + length))}`)
		}
	}

	#compare(...operands: readonly Expr[]): void {
		for (const operand of operands) this.#compared.add(operand)
	}

	/** `LIMIT 5, 10` is offset first; below 0 means no limit. */
	#limit({ expr, offset, span }: Limit): void {
		const count = this.#rowCount(expr, 'LIMIT')
		const skip = offset === undefined ? undefined : this.#rowCount(offset, 'OFFSET')
		if (count === undefined || (offset !== undefined && skip === undefined)) {
			throw new SQLakeError('DIALECT_UNSUPPORTED', 'LIMIT and OFFSET take whole numbers or parameters in a lake query', {
				hint: 'Compute the number before the query.',
			})
		}
		const limit = count < 0n ? 'NULL' : count.toString()
		const rest = skip === undefined ? '' : ` OFFSET ${skip < 0n ? 0n : skip}`
		this.#edits.replace(span, `LIMIT ${limit}${rest}`)
	}

	/** @returns undefined if it is no constant. */
	#rowCount(expr: Expr, clause: string): bigint | undefined {
		if (expr.type === 'UnaryExpr' && expr.op === 'Negative') {
			const value = this.#rowCount(expr.expr, clause)
			return value === undefined ? undefined : -value
		}
		if (expr.type === 'NumericLiteral' && /^\d+$/.test(expr.value)) return BigInt(expr.value)
		if (expr.type !== 'VariableExpr') return undefined
		const index = this.#input.parsed.parameters.get(expr)
		const value = index === undefined ? undefined : this.#input.params[index]
		if (typeof value === 'bigint') return value
		if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value)
		throw new SQLakeError('QUERY_FAILED', `${clause}: expected a whole number, found ${value === null ? 'NULL' : typeof value}`)
	}

	#cast(expr: Expr, type: Type | undefined): void {
		if (type === undefined) return
		const affinity = affinityOf(type.name)
		const target = { INTEGER: 'BIGINT', TEXT: 'VARCHAR', REAL: 'DOUBLE', NUMERIC: 'DOUBLE', BLOB: 'BLOB' }[affinity]
		this.#edits.replace(type.span, ` ${target}`)
		if (affinity !== 'INTEGER') return
		// SQLite cuts the fraction off, DuckDB rounds.
		this.#edits.wrap(expr.span, 'trunc(', ')')
	}

	#identifier(name: string, span: SourceSpan): void {
		if (this.#source[span.offset] === '"' && !this.#input.knownNames.has(name.toLowerCase())) {
			this.#edits.replace(span, quoteText(name))
		} else {
			this.#requote(name, span)
		}
	}

	/** Backticks and brackets are SQLite's alone. */
	#requote(name: string, span: SourceSpan): void {
		const quote = this.#source[span.offset]
		if (quote === '`' || quote === '[' || quote === "'") this.#edits.replace(span, quoteIdentifier(name))
	}

	#between(left: Expr, right: Expr, text: string): void {
		const start = left.span.offset + left.span.length
		this.#edits.replace({ offset: start, length: right.span.offset - start }, text)
	}
}

/** A whole number as INTEGER: compared with a column of either type it means the same, and nothing is rounded. */
function asInteger(value: EngineValue): EngineValue {
	return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? BigInt(value) : value
}

/** DuckDB reads `1.5` as DECIMAL, and knows no hexadecimal numbers. */
function numericLiteral(text: string): string {
	if (/^0x/i.test(text)) return BigInt.asIntN(64, BigInt(text)).toString()
	if (/^\d+$/.test(text)) return BigInt(text) < 2n ** 63n ? text : `${text}e0`
	return /e/i.test(text) ? text : `${text}e0`
}
