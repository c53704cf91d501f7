/**
 * What may be asked of `POST /query`.
 *
 * @module
 */

import type { Bookmark } from '../../cdc/change-batch.ts'
import type { BoundStatement } from '../../driver/transport.ts'
import { messageOf, SQLakeError } from '../../errors.ts'
import { isRecord } from '../../schema/is-record.ts'
import { suggest } from '../../schema/suggest.ts'
import { causalTarget, lakeTarget, ROUTED, SPLIT, type Target } from '../../session/connection.ts'
import { asOfMoment, betweenMoment, type MomentInput, snapshotMoment } from '../../session/moment.ts'
import { fromJsonValue, parseJson } from '../http/json-values.ts'

/** How rows are sent. */
export type RowFormat = 'objects' | 'arrays' | 'ndjson'

/** A request that was understood. */
export interface QueryRequest {
	/** One, or those of an atomic batch. */
	readonly statements: readonly BoundStatement[]
	/** Whether it came as `statements`: the answer then has one result for each. */
	readonly batch: boolean
	readonly target: Target
	/** Whether what waits in the shards is delivered first. */
	readonly flush: boolean
	/** Whether to tell where the query would run instead of running it. */
	readonly explain: boolean
	readonly format: RowFormat
	/** Milliseconds. */
	readonly timeoutMs: number | undefined
}

/** The fields of the body. Those of {@link lakeFields} choose what of the lake is seen; any of them means `"mode": "analytics"`. */
const fields = [
	'sql',
	'params',
	'statements',
	'mode',
	'shard',
	'split',
	'asOf',
	'between',
	'snapshot',
	'causal',
	'flush',
	'explain',
	'format',
	'timeoutMs',
] as const

const lakeFields = ['asOf', 'between', 'snapshot', 'causal'] as const

const formats: readonly RowFormat[] = ['objects', 'arrays', 'ndjson']

/** Milliseconds that a query may ask for at most. */
const MAX_TIMEOUT = 300_000

type Body = Readonly<Record<string, unknown>>

/**
 * Reads the body of a request.
 *
 * @throws SQLakeError REQUEST_INVALID naming the field; TIME_INVALID for a moment
 */
export function readQueryRequest(text: string): QueryRequest {
	const body = readBody(text)
	for (const key of Object.keys(body)) {
		if ((fields as readonly string[]).includes(key)) continue
		const meant = suggest(key, fields)
		throw new SQLakeError('REQUEST_INVALID', `"${key}": expected a field of a query, found another`, {
			hint: meant === undefined ? `fields are ${fields.join(', ')}` : `did you mean "${meant}"?`,
		})
	}
	const batch = body.statements !== undefined
	const target = readTarget(body)
	if (batch && target.kind !== 'routed' && target.kind !== 'shard') {
		throw invalid(
			'statements',
			'a batch for one shard, which is all or nothing',
			'one for the lake',
			'send each query on its own',
		)
	}
	const request: QueryRequest = {
		statements: batch ? readBatch(body) : [readStatement(body, '')],
		batch,
		target,
		flush: readBoolean(body, 'flush'),
		explain: readBoolean(body, 'explain'),
		format: readFormat(body.format),
		timeoutMs: readTimeout(body.timeoutMs),
	}
	if (batch && (request.format === 'ndjson' || request.explain)) {
		throw invalid('statements', 'neither "format": "ndjson" nor "explain" beside a batch', 'one of them')
	}
	return request
}

function readBody(text: string): Body {
	let body: unknown
	try {
		body = parseJson(text)
	} catch (cause) {
		throw new SQLakeError('REQUEST_INVALID', `request body: expected JSON: ${messageOf(cause)}`, {
			cause,
			hint: 'send {"sql": "SELECT ..."}',
		})
	}
	if (isRecord(body)) return body
	throw new SQLakeError('REQUEST_INVALID', 'request body: expected an object, found another value', {
		hint: 'send {"sql": "SELECT ..."}',
	})
}

function readStatement(body: Body, path: string): BoundStatement {
	const { sql, params = [] } = body
	if (typeof sql !== 'string' || sql.trim() === '') throw invalid(`${path}sql`, 'a statement', describe(sql))
	if (!Array.isArray(params)) {
		throw invalid(`${path}params`, 'an array, one value for each ?', describe(params), 'values are bound in their order')
	}
	return { sql, params: params.map((value, index) => fromJsonValue(value, `"${path}params[${index}]"`)) }
}

function readBatch({ statements, sql, params }: Body): readonly BoundStatement[] {
	if (sql !== undefined || params !== undefined) throw invalid('statements', 'either "sql" or "statements"', 'both')
	if (!Array.isArray(statements)) throw invalid('statements', 'an array of {"sql", "params"}', describe(statements))
	return statements.map((statement: unknown, index) => {
		if (typeof statement === 'string') return readStatement({ sql: statement }, `statements[${index}].`)
		if (!isRecord(statement)) throw invalid(`statements[${index}]`, '{"sql", "params"}', describe(statement))
		return readStatement(statement, `statements[${index}].`)
	})
}

function readTarget(body: Body): Target {
	const given = lakeFields.filter((name) => body[name] !== undefined)
	const [moment, second] = given
	const { mode = moment === undefined ? 'strong' : 'analytics', shard } = body
	if (mode !== 'strong' && mode !== 'analytics') throw invalid('mode', '"strong" or "analytics"', describe(mode))
	if (second !== undefined) throw invalid(second, `it alone, since "${moment}" says what is seen already`, 'both')
	if (mode === 'strong') {
		if (moment !== undefined) throw invalid(moment, '"mode": "analytics", since the past is in the lake', '"strong"')
		const split = readBoolean(body, 'split')
		if (shard === undefined) return split ? SPLIT : ROUTED
		if (split) throw invalid('split', 'no shard beside it, since each row goes to its own', JSON.stringify(shard))
		if (typeof shard !== 'string') throw invalid('shard', "a shard's name", describe(shard))
		return { kind: 'shard', shard }
	}
	if (readBoolean(body, 'split')) throw invalid('split', 'a write to shards', 'a query of the lake')
	if (shard !== undefined) {
		throw invalid('shard', 'no shard for the lake, which holds all of them', describe(shard), 'compare the shard key in WHERE')
	}
	return readMoment(body)
}

function readMoment({ asOf, between, snapshot, causal, timeoutMs }: Body): Target {
	if (asOf !== undefined) return lakeTarget(asOfMoment(asOf as MomentInput))
	if (between !== undefined) {
		if (!Array.isArray(between) || between.length !== 2) throw invalid('between', 'an array of two moments', describe(between))
		return lakeTarget(betweenMoment(between[0], between[1]))
	}
	if (snapshot !== undefined) return lakeTarget(snapshotMoment(snapshot as string))
	if (causal !== undefined) return causalTarget(readBookmark(causal), { timeoutMs: readTimeout(timeoutMs) })
	return lakeTarget({ kind: 'current' })
}

/** @throws SQLakeError REQUEST_INVALID */
function readBookmark(value: unknown): Bookmark {
	if (isRecord(value) && typeof value.shard === 'string') {
		const { shard, seq, epoch } = value
		const digits = typeof seq === 'string' || typeof seq === 'number' ? String(seq) : ''
		if (/^\d{1,18}$/.test(digits) && (epoch === undefined || Number.isSafeInteger(epoch))) {
			return { shard, seq: BigInt(digits), ...(typeof epoch === 'number' ? { epoch } : {}) }
		}
	}
	throw invalid('causal', 'the bookmark that a write answered: {"shard", "seq", "epoch"}', describe(value))
}

function readBoolean(body: Body, name: string): boolean {
	const value = body[name] ?? false
	if (typeof value === 'boolean') return value
	throw invalid(name, 'true or false', describe(value))
}

function readFormat(value: unknown = 'objects'): RowFormat {
	const format = formats.find((each) => each === value)
	if (format !== undefined) return format
	throw invalid('format', '"objects", "arrays" or "ndjson"', describe(value))
}

function readTimeout(value: unknown): number | undefined {
	if (value === undefined) return undefined
	if (typeof value === 'number' && value > 0 && value <= MAX_TIMEOUT) return value
	throw invalid('timeoutMs', `milliseconds, ${MAX_TIMEOUT} at most`, describe(value))
}

function describe(value: unknown): string {
	if (value === undefined) return 'nothing'
	return typeof value === 'bigint' ? String(value) : JSON.stringify(value).slice(0, 80)
}

function invalid(field: string, expected: string, found: string, hint?: string): SQLakeError {
	return new SQLakeError('REQUEST_INVALID', `"${field}": expected ${expected}, found ${found}`, { hint })
}
