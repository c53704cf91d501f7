/**
 * Lake queries that a service runs.
 *
 * @module
 */
import type { LakeBatch, LakeQueryStats, LakeRequest, LakeTransport, WireValue } from '../../driver/transport.ts'
import { messageOf, SQLakeError } from '../../errors.ts'
import { DuckDBServiceError } from './duckdb-service-error.ts'
import { decodeValue, encodeRequest, isSerializedError, QUERY_PATH } from './protocol.ts'

/** What reaches a service: a service binding, a stub of a container, or `{ fetch }` for one on the network. */
export interface DuckDBServiceBinding {
	fetch(input: string, init: RequestInit): Promise<Response>
}

/** How a service is reached. */
export interface DuckDBServiceClientOptions {
	/** The service's token; none where it takes any caller. */
	readonly token?: string
	/** Where the service is, for one on the network; of no meaning to a service binding. */
	readonly url?: string
}

/**
 * Makes the transport that sends lake queries to a service. `sqlake(env, { analytics })` takes it.
 *
 * @param service Another Worker's binding, for one.
 * @example
 * ```ts
 * const analytics = createDuckDBServiceClient(env.DUCKDB, { token: env.DUCKDB_TOKEN })
 * const db = drizzle(sqlake(env, { schema, analytics }))
 * ```
 */
export function createDuckDBServiceClient(
	service: DuckDBServiceBinding,
	{ token, url = 'https://duckdb.service' }: DuckDBServiceClientOptions = {},
): Required<LakeTransport> {
	const address = new URL(QUERY_PATH, url).href
	const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
	const ask = async ({ signal, ...request }: LakeRequest, streamed: boolean): Promise<ReadableStream<Uint8Array>> => {
		if (signal?.aborted) throw aborted(signal)
		const init = {
			method: 'POST',
			headers,
			body: encodeRequest({ ...request, streamed }),
			...(signal === undefined ? {} : { signal }),
		}
		const response = await service.fetch(address, init).catch((error: unknown) => {
			if (signal?.aborted) throw aborted(signal)
			throw new DuckDBServiceError(`it did not answer (${messageOf(error)})`, null, { cause: error })
		})
		if (!response.ok || response.body === null) throw await refused(response)
		return response.body
	}
	return {
		query: async (request) => {
			const batches = readAnswer(await ask(request, false), request.signal)
			const rows: (readonly WireValue[])[] = []
			let columns: readonly string[] = []
			for (let step = await batches.next(); ; step = await batches.next()) {
				if (step.done) return { columns, rows, stats: step.value }
				columns = step.value.columns
				for (const row of step.value.rows) rows.push(row)
			}
		},
		stream: async function* (request) {
			return yield* readAnswer(await ask(request, true), request.signal)
		},
	}
}

/** Reads lines up to the one that says how the query ended. To leave the loop early ends the query there, too. */
async function* readAnswer(
	body: ReadableStream<Uint8Array>,
	signal: AbortSignal | undefined,
): AsyncGenerator<LakeBatch, LakeQueryStats, undefined> {
	let columns: readonly string[] = []
	for await (const line of linesOf(body, signal)) {
		const json = parseLine(line)
		if ('columns' in json) {
			columns = json.columns as readonly string[]
			yield { columns, rows: [] }
		} else if ('rows' in json) {
			yield { columns, rows: (json.rows as unknown[][]).map((row) => row.map(decodeValue)) }
		} else if ('stats' in json) {
			return json.stats as LakeQueryStats
		} else {
			throw isSerializedError(json.error) ? SQLakeError.fromJSON(json.error) : malformed(line)
		}
	}
	throw new DuckDBServiceError('its answer broke off', 200)
}

async function* linesOf(
	body: ReadableStream<Uint8Array>,
	signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
	const reader = body.getReader()
	const decoder = new TextDecoder()
	let rest: string[] = []
	try {
		for (;;) {
			const { done, value } = await reader.read().catch((error: unknown) => {
				if (signal?.aborted) throw aborted(signal)
				throw new DuckDBServiceError(`its answer broke off (${messageOf(error)})`, 200, { cause: error })
			})
			if (done) return
			// A line may come in many pieces: they are put together once, at its end.
			const [first = '', ...lines] = decoder.decode(value, { stream: true }).split('\n')
			rest.push(first)
			for (const line of lines) {
				yield rest.join('')
				rest = [line]
			}
		}
	} finally {
		await reader.cancel().catch(() => {}) // Of an answer that broke off already there is nothing to end.
	}
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
	try {
		return Object(JSON.parse(line))
	} catch {
		throw malformed(line)
	}
}

function malformed(line: string): DuckDBServiceError {
	return new DuckDBServiceError(`its answer does not decode: ${JSON.stringify(line.slice(0, 80))}`, 200)
}

/** What a query ended with before its first row, or why the service would not run it. */
async function refused(response: Response): Promise<SQLakeError> {
	const { status } = response
	const text = await response.text().catch(() => '')
	const { error } = parseBody(text)
	if (!isSerializedError(error)) return new DuckDBServiceError(`it answered with status ${status}`, status)
	if (error.code !== 'RPC_INVALID') return SQLakeError.fromJSON(error)
	return new DuckDBServiceError(error.message.replace('analytics service: ', ''), status, {
		code: status === 401 ? 'ANALYTICS_UNAVAILABLE' : 'RPC_INVALID',
	})
}

function parseBody(text: string): { readonly error?: unknown } {
	try {
		return Object(JSON.parse(text))
	} catch {
		// Not the service's own answer: that of something between, such as a page of HTML. The status is told instead.
		return {}
	}
}

function aborted(signal: AbortSignal): SQLakeError {
	return new SQLakeError('ANALYTICS_ABORTED', 'the query was aborted by its caller', { cause: signal.reason })
}
