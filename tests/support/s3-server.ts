/**
 * An S3 service for tests, on a port of this machine: objects in memory, conditional writes, ranges, ListObjectsV2, and errors as
 * the S3 API reference has them. It checks every signature with the code that Amazon's own client signs with, so it cannot share
 * a mistake with the store under test; and Amazon's client is run against it, to see that it speaks S3.
 *
 * @module
 */
import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignatureV4 } from '@smithy/signature-v4'
import type { S3Credentials } from '../../src/lake/storage/s3-request.ts'
import { compareUtf8 } from '../../src/lake/utf8-order.ts'

/** A request that arrived. */
export interface S3ServerRequest {
	readonly method: string
	/** '' for the bucket itself. */
	readonly key: string
	readonly headers: IncomingMessage['headers']
}

/**
 * What goes wrong with a request: an error answer, an answer that is lost (`drop`), or none at all (`hang`). With `after` the
 * request takes effect first.
 */
export type S3Fault = { readonly after?: true } & (
	| { readonly status: number; readonly code: string; readonly message?: string }
	| { readonly drop: true }
	| { readonly hang: true }
)

/** A running service. */
export interface S3Server extends AsyncDisposable {
	readonly endpoint: string
	readonly bucket: string
	readonly region: string
	readonly credentials: S3Credentials
	/** All requests so far, in the order of their arrival. */
	readonly requests: S3ServerRequest[]
	/** Asked for every request: what shall go wrong with it. */
	fault: ((request: S3ServerRequest) => S3Fault | undefined) | undefined
	/** Whether ranges are answered with the whole object, as a service may. */
	ignoreRanges: boolean
	/** What becomes of the body of a part on its way. */
	spoilParts: ((part: Uint8Array) => Uint8Array) | undefined
	/** Bytes by which a part begins before the one that was asked for. */
	shiftParts: number
}

interface Answer {
	readonly status: number
	readonly headers?: Readonly<Record<string, string>>
	readonly body?: Uint8Array | string
}

interface Stored {
	readonly bytes: Buffer
	readonly etag: string
}

/** Starts a service with one empty bucket. */
export async function startS3Server(): Promise<S3Server> {
	const bucket = 'my-bucket'
	const region = 'auto'
	const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'very/secret+key' }
	const objects = new Map<string, Stored>()

	const server = createServer(async (incoming, outgoing) => {
		const target = new URL(incoming.url ?? '/', 'http://localhost')
		const [, name = '', ...segments] = target.pathname.split('/').map(decodeURIComponent)
		const request = { method: incoming.method ?? '', key: segments.join('/'), headers: incoming.headers }
		running.requests.push(request)
		const body = Buffer.concat(await incoming.toArray())
		const fault = running.fault?.(request)
		const act = async () =>
			(await whyUnsigned(incoming, body, { region, credentials })) ??
			(name === bucket
				? handle(request, target.searchParams, body)
				: error(404, 'NoSuchBucket', 'The specified bucket does not exist'))
		if (fault === undefined) return send(outgoing, await act())
		if (fault.after) await act()
		if ('drop' in fault) outgoing.destroy()
		else if ('status' in fault) send(outgoing, error(fault.status, fault.code, fault.message ?? 'as the test wants it'))
	})

	function handle({ method, key, headers }: S3ServerRequest, query: URLSearchParams, body: Buffer): Answer {
		if (key === '') return method === 'GET' && query.get('list-type') === '2' ? list(query) : error(501, 'NotImplemented', method)
		const current = objects.get(key)
		if (method === 'PUT') return put(key, current, headers, body)
		if (method === 'DELETE') {
			objects.delete(key)
			return { status: 204 }
		}
		if (current === undefined) return error(404, 'NoSuchKey', 'The specified key does not exist.')
		if (method === 'HEAD') return { status: 200, headers: { etag: current.etag, 'content-length': String(current.bytes.length) } }
		return method === 'GET' ? get(current, headers.range) : error(405, 'MethodNotAllowed', method)
	}

	function get({ bytes, etag }: Stored, range: string | undefined): Answer {
		if (range === undefined || running.ignoreRanges) return { status: 200, headers: { etag }, body: bytes }
		const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
		const start = Number(from) - running.shiftParts
		const end = Math.min(Number(to) - running.shiftParts, bytes.length - 1)
		if (start >= bytes.length) return error(416, 'InvalidRange', 'The requested range is not satisfiable')
		const part = bytes.subarray(start, end + 1)
		return {
			status: 206,
			headers: { etag, 'content-range': `bytes ${start}-${end}/${bytes.length}` },
			body: running.spoilParts?.(part) ?? part,
		}
	}

	function put(key: string, current: Stored | undefined, headers: IncomingMessage['headers'], bytes: Buffer): Answer {
		const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers
		if (ifNoneMatch !== undefined && ifNoneMatch !== '*') return error(501, 'NotImplemented', 'If-None-Match takes *')
		if (ifMatch !== undefined && current === undefined) return error(404, 'NoSuchKey', 'The specified key does not exist.')
		if ((ifNoneMatch === '*' && current !== undefined) || (ifMatch !== undefined && ifMatch !== current?.etag)) {
			return error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
		}
		// As with S3, equal bytes have equal etags.
		const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
		objects.set(key, { bytes, etag })
		return { status: 200, headers: { etag } }
	}

	function list(query: URLSearchParams): Answer {
		const prefix = query.get('prefix') ?? ''
		const token = query.get('continuation-token')
		const after = token === null ? null : Buffer.from(token, 'base64url').toString()
		const keys = [...objects.keys()]
			.filter((key) => key.startsWith(prefix) && (after === null || compareUtf8(key, after) > 0))
			.sort(compareUtf8)
		const page = keys.slice(0, Math.min(Number(query.get('max-keys') ?? 1000), 1000))
		const encoding = query.get('encoding-type')
		const shown = (key: string) =>
			xml(encoding === 'url' ? new URLSearchParams({ key }).toString().slice(4).replaceAll('%2F', '/') : key)
		const contents = page.map((key) => {
			const { bytes, etag } = objects.get(key) ?? { bytes: '', etag: '' }
			const owner = '<Owner><ID>1</ID><DisplayName>a &amp; b</DisplayName></Owner>'
			return `<Contents><Key>${shown(key)}</Key><ETag>${xml(etag)}</ETag><Size>${bytes.length}</Size>${owner}</Contents>`
		})
		const truncated = page.length < keys.length
		return xmlAnswer(
			200,
			`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name><Prefix>${shown(prefix)}</Prefix>` +
				`<KeyCount>${page.length}</KeyCount><IsTruncated>${truncated}</IsTruncated>` +
				(encoding === null ? '' : `<EncodingType>${encoding}</EncodingType>`) +
				(truncated
					? `<NextContinuationToken>${Buffer.from(page.at(-1) ?? '').toString('base64url')}</NextContinuationToken>`
					: '') +
				`${contents.join('\n')}</ListBucketResult>`,
		)
	}

	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
	const { port } = server.address() as AddressInfo
	const running: S3Server = {
		endpoint: `http://127.0.0.1:${port}`,
		bucket,
		region,
		credentials,
		requests: [],
		fault: undefined,
		ignoreRanges: false,
		spoilParts: undefined,
		shiftParts: 0,
		[Symbol.asyncDispose]: () => {
			server.closeAllConnections()
			return new Promise((resolve) => server.close(() => resolve()))
		},
	}
	return running
}

/** Signs the request anew, with Amazon's code, and compares. */
async function whyUnsigned(
	incoming: IncomingMessage,
	body: Buffer,
	{ region, credentials }: Pick<S3Server, 'region' | 'credentials'>,
): Promise<Answer | null> {
	const { headers, method = '', url = '' } = incoming
	const given =
		/^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(.+)$/
	const [, keyId, , inRegion, signedNames = '', signature] = given.exec(headers.authorization ?? '') ?? []
	if (signature === undefined) return error(403, 'AccessDenied', 'Access Denied')
	if (keyId !== credentials.accessKeyId) {
		return error(403, 'InvalidAccessKeyId', `The AWS Access Key Id ${keyId} does not exist in our records.`)
	}
	if (inRegion !== region) return error(400, 'AuthorizationHeaderMalformed', `the region '${inRegion}' is wrong`)
	const digest = headers['x-amz-content-sha256']
	if (digest !== 'UNSIGNED-PAYLOAD' && digest !== createHash('sha256').update(body).digest('hex')) {
		return error(400, 'XAmzContentSHA256Mismatch', 'The provided hash does not match what was computed.')
	}
	const date = String(headers['x-amz-date']).replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5')
	if (!(Math.abs(Date.parse(date) - Date.now()) < 15 * 60_000))
		return error(403, 'RequestTimeTooSkewed', 'The difference is too large.')
	const [path = '', search = ''] = url.split('?')
	const signer = new SignatureV4({
		credentials,
		region,
		service: 's3',
		sha256: NodeSha256,
		uriEscapePath: false,
		applyChecksum: false,
	})
	const resigned = await signer.sign(
		{
			method,
			protocol: 'http:',
			hostname: String(headers.host),
			path,
			query: Object.fromEntries(new URLSearchParams(search)),
			headers: Object.fromEntries(signedNames.split(';').map((name) => [name, String(headers[name])])),
		},
		{ signingDate: new Date(date) },
	)
	return resigned.headers.authorization?.endsWith(`Signature=${signature}`) === true
		? null
		: error(403, 'SignatureDoesNotMatch', `The request signature of ${keyId} does not match.`)
}

/** The hash that the signer wants, from Node. */
class NodeSha256 {
	readonly #hash
	constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
		this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
	}
	update(data: string | ArrayBuffer | ArrayBufferView): void {
		this.#hash.update(bytesOf(data))
	}
	async digest(): Promise<Uint8Array> {
		return this.#hash.digest()
	}
	reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
	if (typeof data === 'string') return Buffer.from(data)
	return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data)
}

function send(outgoing: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
	outgoing.writeHead(status, { 'x-amz-request-id': '1', ...headers })
	outgoing.end(body)
}

function error(status: number, code: string, message: string): Answer {
	return xmlAnswer(status, `<Error><Code>${code}</Code><Message>${xml(message)}</Message><RequestId>1</RequestId></Error>`)
}

function xmlAnswer(status: number, body: string): Answer {
	return { status, headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` }
}

function xml(text: string): string {
	return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
