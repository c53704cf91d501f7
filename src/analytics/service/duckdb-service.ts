/**
 * Lake queries for other Workers.
 *
 * @module
 */
import type { LakeBatch, LakeQueryStats, LakeRequest, LakeTransport } from '../../driver/transport.ts'
import { SQLakeError, type SQLakeErrorCode } from '../../errors.ts'
import { bearsToken } from './bearer-token.ts'
import { type AnswerLine, type DuckDBQueryRequest, decodeRequest, encodeValue, LINES_TYPE, QUERY_PATH } from './protocol.ts'

/** What a service is made with. */
export interface DuckDBServiceOptions {
	/** What runs the queries, such as `createDuckDBProvider(...)`. */
	readonly lake: LakeTransport
	/**
	 * The token that callers bear, or several while one is exchanged for another. null takes any caller: only for a Worker without
	 * routes of its own, which is reached through service bindings alone.
	 */
	readonly token: string | readonly string[] | null
	/** Bytes that a request may have; 1 MiB unless given. */
	readonly maxBodyBytes?: number
	/** Milliseconds that a query may take, whatever its caller asks for; 30,000 unless given. */
	readonly maxTimeoutMs?: number
}

/** A service that a Worker's `fetch` handler mounts. */
export interface DuckDBService {
	/** Answers a request for a query; whatever it is, it is answered and not thrown. */
	fetch(request: Request): Promise<Response>
}

const DEFAULT_MAX_BODY_BYTES = 1024 * 1024
const DEFAULT_MAX_TIMEOUT_MS = 30_000

/** Rows of one line of an answer. */
const ROWS_A_LINE = 1_000

/** Statuses of an answer whose query failed before its first row; 422 for those not named. */
const STATUS: Partial<Record<SQLakeErrorCode, number>> = {
	RPC_INVALID: 400,
	INTERNAL: 500,
	LAKE_CORRUPT: 500,
	STORE_UNAVAILABLE: 503,
	ANALYTICS_UNAVAILABLE: 503,
	ANALYTICS_TIMEOUT: 504,
}

/**
 * Makes a service. Its Worker, or its container, answers for others that have no room for DuckDB.
 *
 * @throws `CONFIG_INVALID` if a token is empty, or none is given and that is not said.
 * @example
 * ```ts
 * let service: DuckDBService | undefined
 * export default {
 *   fetch(request: Request, env: Env) {
 *     service ??= createDuckDBService({ lake: createDuckDBProvider(lakeOf(env)), token: env.DUCKDB_TOKEN })
 *     return service.fetch(request)
 *   },
 * }
 * ```
 */
export function createDuckDBService(options: DuckDBServiceOptions): DuckDBService {
	const { lake, token, maxBodyBytes = DEFAULT_MAX_BODY_BYTES, maxTimeoutMs = DEFAULT_MAX_TIMEOUT_MS } = options
	const tokens = token === null ? null : [token].flat()
	if (tokens !== null && (tokens.length === 0 || tokens.some((each) => typeof each !== 'string' || each === ''))) {
		throw new SQLakeError('CONFIG_INVALID', 'createDuckDBService: expected a token, found none', {
			hint: 'Give it a secret: wrangler secret put DUCKDB_TOKEN. Or say token: null where no stranger can reach the Worker.',
		})
	}
	return {
		fetch: async (request) => {
			if (tokens !== null && !(await bearsToken(request.headers.get('authorization'), tokens))) {
				return refusal(401, 'expected a bearer token of this service, found none or another', { 'www-authenticate': 'Bearer' })
			}
			if (new URL(request.url).pathname !== QUERY_PATH) return refusal(404, `expected ${QUERY_PATH}`)
			if (request.method !== 'POST') return refusal(405, `expected POST, found ${request.method}`, { allow: 'POST' })
			const body = await readText(request, maxBodyBytes)
			if (body === null) return refusal(413, `expected at most ${maxBodyBytes} bytes`)
			try {
				const query = parseRequest(body)
				const timeoutMs = Math.min(query.timeoutMs ?? maxTimeoutMs, maxTimeoutMs)
				const lines = answer(lake, query, { ...query, timeoutMs, signal: request.signal })
				// Awaited before the status is sent: what fails before the first row, which is most, gets a status of its own.
				const first = await lines.next()
				return new Response(byteStream(first, lines), { headers: { 'content-type': LINES_TYPE, 'cache-control': 'no-store' } })
			} catch (error) {
				const failure = SQLakeError.wrap(error, 'INTERNAL', 'analytics service')
				return errorResponse(STATUS[failure.code] ?? 422, failure)
			}
		},
	}
}

function parseRequest(body: string): DuckDBQueryRequest {
	try {
		return decodeRequest(body)
	} catch (error) {
		throw SQLakeError.wrap(error, 'RPC_INVALID', 'analytics service: the request does not decode')
	}
}

/** The lines of an answer; the last one has the statistics. */
async function* answer(
	lake: LakeTransport,
	{ streamed }: DuckDBQueryRequest,
	request: LakeRequest,
): AsyncGenerator<AnswerLine, void, undefined> {
	const batches = streamed && lake.stream !== undefined ? lake.stream(request) : wholeAnswer(lake, request)
	let first = true
	try {
		for (let step = await batches.next(); ; step = await batches.next()) {
			if (step.done) {
				yield { stats: step.value }
				return
			}
			const { columns, rows } = step.value
			if (first) yield { columns }
			first = false
			for (let row = 0; row < rows.length; row += ROWS_A_LINE) {
				yield { rows: rows.slice(row, row + ROWS_A_LINE).map((values) => values.map(encodeValue)) }
			}
		}
	} finally {
		await batches.return(undefined as never) // Where the caller went away.
	}
}

async function* wholeAnswer(lake: LakeTransport, request: LakeRequest): AsyncGenerator<LakeBatch, LakeQueryStats, undefined> {
	const { stats, ...batch } = await lake.query(request)
	yield batch
	return stats
}

/** Lines as bytes, made as they are read. An error in the middle is the last line. */
function byteStream(first: IteratorResult<AnswerLine, void>, lines: AsyncGenerator<AnswerLine, void>): ReadableStream {
	const encoder = new TextEncoder()
	const encode = (line: AnswerLine) => encoder.encode(`${JSON.stringify(line)}\n`)
	let next: IteratorResult<AnswerLine, void> | undefined = first
	return new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				try {
					const step = next ?? (await lines.next())
					next = undefined
					if (step.done) controller.close()
					else controller.enqueue(encode(step.value))
				} catch (error) {
					controller.enqueue(encode({ error: SQLakeError.wrap(error, 'INTERNAL', 'analytics service').toJSON() }))
					controller.close()
				}
			},
			async cancel() {
				await lines.return()
			},
		},
		{ highWaterMark: 1 },
	)
}

/** The body's text; null if it is longer than allowed, of which no more is read than shows it. */
async function readText(request: Request, maxBytes: number): Promise<string | null> {
	if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return null
	const decoder = new TextDecoder()
	let text = ''
	let bytes = 0
	const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = request.body?.getReader()
	for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
		bytes += part.value.length
		if (bytes > maxBytes) {
			await reader?.cancel()
			return null
		}
		text += decoder.decode(part.value, { stream: true })
	}
	return text + decoder.decode()
}

function refusal(status: number, message: string, headers: Record<string, string> = {}): Response {
	return errorResponse(status, new SQLakeError('RPC_INVALID', `analytics service: ${message}`), headers)
}

function errorResponse(status: number, error: SQLakeError, headers: Record<string, string> = {}): Response {
	return Response.json({ error: error.toJSON() }, { status, headers: { ...headers, 'cache-control': 'no-store' } })
}
