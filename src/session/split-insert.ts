/**
 * INSERT ... VALUES over several shards, taken apart into one INSERT for each.
 *
 * @module
 */
import { tokenize, tokenName } from 'sqlite3-parser'
import type { BoundStatement, WireValue } from '../driver/transport.ts'
import { SQLakeError } from '../errors.ts'
import { parseSQL } from '../router/parse-sql.ts'
import { type BulkInsert, STATEMENT_LIMITS, splitInsert, tooManyParams } from './bulk-insert.ts'
import type { FilledQuery } from './plan.ts'

/** A part of a statement's text, each of its parameters written as `?`, and what they are bound to, in order. */
interface Piece {
	readonly text: string
	readonly params: readonly WireValue[]
}

/** An INSERT ... VALUES in pieces. */
interface InsertPieces {
	/** Up to and with VALUES. */
	readonly head: Piece
	readonly rows: readonly Piece[]
	/** From the end of the last row on: conflict clause and RETURNING. */
	readonly tail: Piece
}

/**
 * The statements that insert, in each shard, the rows that belong there, in the order that they have in the whole statement.
 *
 * @param shards - the shard of each row
 * @returns by shard, in the order of their first rows
 * @throws SQLakeError STATEMENT_LIMIT where the rows of one shard do not fit in one atomic batch.
 */
export function splitByShard(query: FilledQuery, shards: readonly string[]): Map<string, BoundStatement[]> {
	const { head, rows, tail } = piecesOf(query)
	if (rows.length !== shards.length) {
		throw new SQLakeError('INTERNAL', `INSERT of ${shards.length} rows: expected as many in its text, found ${rows.length}`)
	}
	const byShard = new Map<string, Piece[]>()
	for (const [index, shard] of shards.entries()) {
		const row = rows[index]
		if (row === undefined) continue
		const own = byShard.get(shard)
		if (own === undefined) byShard.set(shard, [row])
		else own.push(row)
	}
	return new Map(Array.from(byShard, ([shard, own]) => [shard, statementsFor(head, own, tail)]))
}

function statementsFor(head: Piece, rows: readonly Piece[], tail: Piece): BoundStatement[] {
	const sql = `${head.text} ${rows.map(({ text }) => text).join(', ')}${tail.text}`
	const values = [...rows.flatMap(({ params }) => params), ...tail.params]
	const bound = head.params.length + values.length
	if (bound <= STATEMENT_LIMITS.params && sql.length <= STATEMENT_LIMITS.sqlLength) {
		return [{ sql, params: [...head.params, ...values] }]
	}
	// Values of a WITH in front would have to be bound in every part.
	if (head.params.length > 0) throw tooManyParams(bound, "one shard's part of the INSERT")
	const bulk: BulkInsert = {
		prefix: `${head.text} `,
		suffix: tail.text,
		suffixParams: tail.params.length,
		rows: rows.map(({ text, params }) => ({ text, params: params.length })),
	}
	return splitInsert(bulk, values)
}

function piecesOf({ sql, params, built }: FilledQuery): InsertPieces {
	if (built?.bulk === undefined) return piecesOfText(sql, params)
	const { prefix, suffix, suffixParams, rows } = built.bulk
	let position = 0
	const pieces = rows.map(({ text, params: count }) => {
		position += count
		return { text, params: params.slice(position - count, position) }
	})
	const tail = { text: suffix, params: params.slice(params.length - suffixParams) }
	return { head: { text: prefix.trimEnd(), params: [] }, rows: pieces, tail }
}

/** Takes the text apart by its tokens: a row is what stands between the outermost parentheses after VALUES. */
function piecesOfText(sql: string, params: readonly WireValue[]): InsertPieces {
	const { statement, parameters } = parseSQL(sql)
	const select =
		statement.type === 'InsertStmt' && statement.body.type === 'SelectInsertBody' ? statement.body.select.select : null
	if (select?.type !== 'SelectValues')
		throw new SQLakeError('INTERNAL', 'split: expected INSERT ... VALUES, found another statement')
	const indexes = new Map(Array.from(parameters, ([variable, index]) => [variable.span.offset, index]))
	const head = new PieceWriter(sql, params, indexes)
	const rows: PieceWriter[] = []
	const tail = new PieceWriter(sql, params, indexes)
	let depth = 0
	let place: 'head' | 'rows' | 'tail' = 'head'
	let row = head
	for (const { type, text, span } of tokenize(sql)) {
		const kind = tokenName(type)
		const { offset } = span
		if (kind === 'SEMI') continue
		if (place === 'head') {
			head.add(kind, text, offset)
			if (offset >= select.span.offset && kind === 'VALUES') place = 'rows'
			continue
		}
		// A comma goes between two rows; anything else but a row ends them.
		if (place === 'rows' && depth === 0 && kind !== 'LP' && kind !== 'COMMA') place = 'tail'
		if (place === 'tail') {
			tail.add(kind, text, offset)
			continue
		}
		if (depth === 0 && kind === 'COMMA') continue
		if (depth === 0) {
			row = new PieceWriter(sql, params, indexes)
			rows.push(row)
		}
		if (kind === 'LP') depth++
		if (kind === 'RP') depth--
		row.add(kind, text, offset)
	}
	return { head: head.piece(), rows: rows.map((writer) => writer.piece()), tail: tail.piece(' ') }
}

/** Collects tokens of the text; what stood between two of them, such as a comment, becomes a space. */
class PieceWriter {
	readonly #sql: string
	readonly #values: readonly WireValue[]
	readonly #indexes: ReadonlyMap<number, number>
	readonly #params: WireValue[] = []
	#text = ''
	#end = -1

	constructor(sql: string, values: readonly WireValue[], indexes: ReadonlyMap<number, number>) {
		this.#sql = sql
		this.#values = values
		this.#indexes = indexes
	}

	add(kind: string | undefined, text: string, offset: number): void {
		if (this.#end >= 0 && offset > this.#end) this.#text += ' '
		this.#end = offset + text.length
		const index = kind === 'VARIABLE' ? this.#indexes.get(offset) : undefined
		if (index === undefined) {
			this.#text += this.#sql.slice(offset, this.#end)
			return
		}
		this.#text += '?'
		this.#params.push(this.#values[index] ?? null)
	}

	/** @param before - what goes in front of a text that is not empty */
	piece(before = ''): Piece {
		return { text: this.#text === '' ? '' : before + this.#text, params: this.#params }
	}
}
