/**
 * One request to an S3 service: signed, bounded in time, and repeated where that can do no harm.
 *
 * @module
 */
import { AwsV4Signer } from 'aws4fetch'
import { messageOf, SQLakeError } from '../../errors.ts'
import { childText, parseXml } from './s3-xml.ts'

/** What opens a bucket. It stands in no message and no log. */
export interface S3Credentials {
	readonly accessKeyId: string
	readonly secretAccessKey: string
	/** Of temporary credentials. */
	readonly sessionToken?: string
}

/** Where requests go, and how long they may take. */
export interface S3Service {
	/** URL of the bucket, without a slash at its end. */
	readonly bucketUrl: string
	readonly region: string
	readonly credentials: S3Credentials
	/** Milliseconds that one attempt may take, its answer's bytes included. */
	readonly timeoutMs: number
	/** Attempts at a request that can be repeated. */
	readonly attempts: number
	/** Milliseconds before the second attempt; they double with each further one. */
	readonly retryDelayMs: number
}

/** What is asked for. */
export interface S3Request {
	/** What it is for, in messages: `get`, `put` ... */
	readonly operation: string
	/** The object or the prefix, in messages. */
	readonly key: string
	readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
	/** What follows the bucket in the URL, encoded: `/data/a.parquet`, `?list-type=2`. */
	readonly path: string
	readonly headers?: Readonly<Record<string, string>>
	readonly body?: Uint8Array<ArrayBuffer>
	/** Statuses that are answers, besides 200 to 299. */
	readonly expected?: readonly number[]
	/** Whether doing it twice is as good as once. A write that may have taken effect is not repeated where this is false. */
	readonly repeatable: boolean
}

/** An answer, read to its end. */
export interface S3Response {
	readonly status: number
	readonly headers: Headers
	readonly bytes: Uint8Array
	/** Code of the error that the body tells of, such as `NoSuchKey`; '' where it tells of none. */
	readonly code: string
}

/** A service says so before it writes anything, so every request may be repeated ("Error responses", S3 API reference). */
const NOT_BEGUN = new Set(['SlowDown', 'TooManyRequests', 'ConditionalRequestConflict', 'OperationAborted'])

/** A service that is in trouble, and may be well a moment later. */
const PASSING_STATUSES = new Set([408, 429, 500, 502, 503, 504])

const hints: Readonly<Record<string, string>> = {
	AccessDenied: 'the key may not do this: give its token read and write access to the bucket',
	AuthorizationHeaderMalformed: 'the region is another one: R2 takes "auto", Amazon S3 the region of the bucket',
	InvalidAccessKeyId: 'the service does not know this access key id: see whether it belongs to this endpoint',
	NoSuchBucket: 'create the bucket, or correct its name',
	PermanentRedirect: 'the bucket is in another region: name that region',
	RequestTimeTooSkewed: 'correct the clock of this machine',
	SignatureDoesNotMatch: 'the secret access key does not belong to the access key id',
}

/**
 * Sends a request.
 *
 * @throws SQLakeError STORE_CONFLICT where others keep writing the key at the same time; STORE_UNAVAILABLE for every other
 * failure: `details.outcome` is `'unknown'` where a write may have taken effect.
 */
export async function sendS3Request(service: S3Service, request: S3Request): Promise<S3Response> {
	for (let attempt = 1; ; attempt++) {
		const outcome = await sendOnce(service, request)
		if (outcome.response !== undefined) return outcome.response
		if (attempt >= service.attempts || !outcome.again) throw outcome.error
		await backOff(service.retryDelayMs * 2 ** (attempt - 1))
	}
}

type Outcome =
	| { readonly response: S3Response }
	| { readonly response?: undefined; readonly error: SQLakeError; readonly again: boolean }

async function sendOnce(service: S3Service, request: S3Request): Promise<Outcome> {
	let response: S3Response
	try {
		response = await exchange(service, request)
	} catch (cause) {
		const error = failure(service, request, whyNoAnswer(cause, service.timeoutMs), { outcome: 'unknown' }, cause)
		return { error, again: request.repeatable }
	}
	const { status, code } = response
	if (isAnswer(request, response)) return { response }
	const notBegun = status === 429 || NOT_BEGUN.has(code)
	const passing = PASSING_STATUSES.has(status)
	return {
		error: refusal(service, request, response, passing && !notBegun ? 'unknown' : 'not run'),
		again: notBegun || (passing && request.repeatable),
	}
}

/** A 404 tells of a missing object only where it says so: a wrong bucket and a wrong endpoint answer with 404, too. HEAD has no body. */
function isAnswer({ expected = [], method }: S3Request, { status, code }: S3Response): boolean {
	if (status >= 200 && status < 300) return true
	return expected.includes(status) && (status !== 404 || method === 'HEAD' || code === 'NoSuchKey')
}

async function exchange(service: S3Service, request: S3Request): Promise<S3Response> {
	const body = request.body ?? new Uint8Array(0)
	const signed = await new AwsV4Signer({
		...service.credentials,
		method: request.method,
		url: service.bucketUrl + request.path,
		// The body is signed, too: what arrives is what was sent, also over a connection without TLS.
		headers: { ...request.headers, 'x-amz-content-sha256': await sha256Hex(body) },
		service: 's3',
		region: service.region,
	}).sign()
	// Not signed: what stands between may change it. A store gives bytes as they are, so that ranges count the same bytes.
	signed.headers.set('accept-encoding', 'identity')
	const response = await fetch(signed.url, {
		method: request.method,
		headers: signed.headers,
		...(request.body === undefined ? {} : { body: request.body }),
		redirect: 'manual',
		signal: AbortSignal.timeout(service.timeoutMs),
	})
	const bytes = new Uint8Array(await response.arrayBuffer())
	const { status, headers } = response
	return { status, headers, bytes, code: status < 300 ? '' : errorOf(bytes).code }
}

async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
	const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
	return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The error that a body tells of. Its other fields are left aside: some name the key id and what was signed. */
function errorOf(bytes: Uint8Array): { readonly code: string; readonly message: string } {
	const root = parseXml(new TextDecoder().decode(bytes).trim())
	if (root?.name !== 'Error') return { code: '', message: '' }
	return { code: childText(root, 'Code') ?? '', message: childText(root, 'Message') ?? '' }
}

function refusal(service: S3Service, request: S3Request, { status, code, bytes }: S3Response, outcome: string): SQLakeError {
	const text = ['answered', status, code, errorOf(bytes).message].filter((part) => part !== '').join(' ')
	return failure(service, request, text, { outcome, status, s3Code: code })
}

function failure(
	service: S3Service,
	{ operation, key, method }: S3Request,
	reason: string,
	{ outcome, ...found }: { readonly outcome: string; readonly status?: number; readonly s3Code?: string },
	cause?: unknown,
): SQLakeError {
	const lost = found.s3Code === 'ConditionalRequestConflict' || found.s3Code === 'OperationAborted'
	const writes = method === 'PUT' || method === 'DELETE'
	const message = `S3 ${operation} of "${key}" in ${service.bucketUrl}: ${reason}`
	return new SQLakeError(lost ? 'STORE_CONFLICT' : 'STORE_UNAVAILABLE', redact(message, service.credentials), {
		cause,
		hint:
			hints[found.s3Code ?? ''] ??
			(writes && outcome === 'unknown' ? 'the write may or may not have taken effect: read before writing again' : undefined),
		details: { operation, key, ...found, ...(writes ? { outcome } : {}) },
	})
}

function whyNoAnswer(cause: unknown, timeoutMs: number): string {
	if (cause instanceof Error && cause.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
	// fetch says only that it failed; its cause says why.
	const reason = cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) || codeOf(cause.cause) : ''
	return reason === '' ? messageOf(cause) : `${messageOf(cause)}: ${reason}`
}

function codeOf(value: unknown): string {
	return value instanceof Error && 'code' in value ? String(value.code) : ''
}

/** Real keys are longer; in a text any letter may stand that a test's key consists of. */
const SHORTEST_SECRET = 8

/** Nobody should put a key into a message; should a service do so, it ends here. */
function redact(message: string, { accessKeyId, secretAccessKey, sessionToken = '' }: S3Credentials): string {
	return [secretAccessKey, sessionToken, accessKeyId]
		.filter((secret) => secret.length >= SHORTEST_SECRET)
		.reduce((text, secret) => text.replaceAll(secret, '***'), message)
}

function backOff(delay: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, delay * (0.5 + Math.random() / 2)))
}
