/**
 * An HTTP server for this machine.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SQLakeError } from '../../errors.ts'
import { type GuardOptions, guard, isLoopback } from './guard.ts'
import { errorReply, type Reply } from './reply.ts'

/** A request that passed the guard. */
export interface LocalRequest {
	readonly method: string
	readonly path: string
	readonly query: URLSearchParams
	readonly headers: IncomingHttpHeaders
	/** Aborts when whoever asked has gone. */
	readonly signal: AbortSignal
	/** @throws SQLakeError REQUEST_INVALID where the body is too large or no UTF-8 */
	text(): Promise<string>
}

/** What became of a request, for a log. */
export interface RequestLog {
	readonly method: string
	readonly path: string
	readonly status: number
	/** Milliseconds. */
	readonly durationMs: number
	/** Why it failed; undefined where it did not. */
	readonly error?: unknown
}

/** The options of {@link startLocalServer}. */
export interface LocalServerOptions extends GuardOptions {
	/** 0 takes any that is free. */
	readonly port: number
	/** Address to listen on. Default `127.0.0.1`; one that other machines reach needs a token. */
	readonly host?: string | undefined
	/** Bytes that the body of a request may have. Default 8 MiB. */
	readonly maxBodyBytes?: number
	/** Milliseconds that a request may take to arrive. Default 30,000. */
	readonly requestTimeoutMs?: number
	readonly handle: (request: LocalRequest) => Promise<Reply>
	readonly onRequest?: (log: RequestLog) => void
}

/** A server that listens. */
export interface LocalServer {
	/** Such as `http://localhost:4983`. */
	readonly url: string
	readonly port: number
	/** Takes no more requests and waits for those that are under way, 5 seconds at most. */
	close(): Promise<void>
}

/** Sent with every answer: nothing is kept, framed, sniffed or told to others. */
const SECURITY_HEADERS = {
	'cache-control': 'no-store',
	'x-content-type-options': 'nosniff',
	'x-frame-options': 'DENY',
	'referrer-policy': 'no-referrer',
}

const MIB = 1024 * 1024

/** Milliseconds that a closing server waits for requests that are under way. */
const CLOSE_PATIENCE = 5_000

/** Milliseconds between two looks for connections that are done. */
const CLOSE_PAUSE = 50

/** Milliseconds that the rest of a refused request may take. */
const DISCARD_PATIENCE = 2_000

/**
 * Listens, on this machine alone unless told otherwise.
 *
 * @throws SQLakeError IN_USE where another process has the port; CONFIG_INVALID for an address that needs a token
 */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
	const { host = '127.0.0.1', token } = options
	if (!isLoopback(host) && token === undefined) {
		throw new SQLakeError('CONFIG_INVALID', `--host ${host}: expected a token, since other machines reach that address`, {
			hint: 'add --token <secret>; every request then needs Authorization: Bearer <secret>',
		})
	}
	const { requestTimeoutMs: requestTimeout = 30_000 } = options
	const server = createServer({
		requestTimeout,
		headersTimeout: Math.min(requestTimeout, 10_000),
		connectionsCheckingInterval: Math.min(requestTimeout, 5_000),
	})
	server.on('request', (request, response) => void answer(request, response, options))
	server.listen(options.port, host.replace(/^\[|\]$/g, ''))
	try {
		await once(server, 'listening')
	} catch (cause) {
		throw listenError(cause, options.port, host)
	}
	const { port } = server.address() as AddressInfo
	const shown = host === '127.0.0.1' ? 'localhost' : host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
	return {
		url: `http://${shown}:${port}`,
		port,
		close: async () => {
			const closed = once(server, 'close')
			server.close()
			// A connection whose answer ends from now on would be kept for the next request.
			const idle = setInterval(() => server.closeIdleConnections(), CLOSE_PAUSE)
			const busy = setTimeout(() => server.closeAllConnections(), CLOSE_PATIENCE)
			await closed
			clearInterval(idle)
			clearTimeout(busy)
		},
	}
}

async function answer(request: IncomingMessage, response: ServerResponse, options: LocalServerOptions): Promise<void> {
	const start = performance.now()
	const { method = 'GET', headers } = request
	const gone = new AbortController()
	response.on('close', () => gone.abort())
	let [path, error]: [string, unknown] = ['/', undefined]
	let reply: Reply
	try {
		const url = new URL(`http://localhost${request.url ?? '/'}`)
		path = url.pathname
		guard({ method, path, headers }, options)
		const text = () => readBody(request, options.maxBodyBytes ?? 8 * MIB)
		reply = await options.handle({ method, path, query: url.searchParams, headers, signal: gone.signal, text })
	} catch (thrown) {
		error = thrown
		reply = errorReply(thrown)
	}
	try {
		await send(response, reply, method === 'HEAD')
	} catch (thrown) {
		// The answer has begun: all that can be told is that it is not whole.
		error = thrown
		response.destroy()
	}
	if (!request.complete) discardRest(request)
	const durationMs = Math.round(performance.now() - start)
	options.onRequest?.({ method, path, status: reply.status ?? 200, durationMs, ...(error === undefined ? {} : { error }) })
}

async function send(response: ServerResponse, { status = 200, headers = {}, body }: Reply, headOnly: boolean): Promise<void> {
	if (response.destroyed) return
	response.writeHead(status, { ...SECURITY_HEADERS, ...headers })
	if (headOnly) {
		response.end()
	} else if (typeof body === 'string') {
		response.end(body)
	} else {
		for await (const part of body) {
			if (response.destroyed) return
			if (!response.write(part)) await once(response, 'drain', { signal: closing(response) }).catch(() => {})
		}
		response.end()
	}
	if (!response.writableFinished && !response.destroyed) await once(response, 'close')
}

function closing(response: ServerResponse): AbortSignal {
	const controller = new AbortController()
	response.once('close', () => controller.abort())
	return controller.signal
}

/** Lets a client that is still sending come to its end, so that it reads the answer; not for long. */
function discardRest(request: IncomingMessage): void {
	const timer = setTimeout(() => request.destroy(), DISCARD_PATIENCE)
	request.once('close', () => clearTimeout(timer)).resume()
}

async function readBody(request: IncomingMessage, most: number): Promise<string> {
	const tooLarge = () =>
		new SQLakeError('REQUEST_INVALID', `request body: expected at most ${most} bytes, found more`, {
			hint: 'send it in several requests',
			details: { status: 413 },
		})
	if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge()
	const parts: Buffer[] = []
	let size = 0
	// To leave the loop must not destroy the connection that the refusal goes out on.
	for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
		size += part.byteLength
		if (size > most) throw tooLarge()
		parts.push(part)
	}
	try {
		return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(Buffer.concat(parts))
	} catch (cause) {
		throw new SQLakeError('REQUEST_INVALID', 'request body: expected UTF-8, found other bytes', { cause })
	}
}

function listenError(cause: unknown, port: number, host: string): SQLakeError {
	const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
	if (code === 'EADDRINUSE') {
		return new SQLakeError('IN_USE', `port ${port}: expected it to be free, found another program listening on it`, {
			cause,
			hint: `end that program, or take another port: --port ${port + 1}`,
		})
	}
	return SQLakeError.wrap(cause, 'CONFIG_INVALID', `cannot listen on ${host}, port ${port}`, {
		hint: code === 'EACCES' ? 'take a port from 1024 on: --port 4983' : 'name an address of this machine: --host 127.0.0.1',
	})
}
