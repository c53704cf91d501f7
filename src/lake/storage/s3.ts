import { SQLakeError } from '../../errors.ts'
import { copyBytes } from '../../schema/bytes.ts'
import { mapLimit } from '../map-limit.ts'
import { assertObjectKey } from './object-key.ts'
import type { ByteRange, ObjectInfo, ObjectPage, ObjectStore, PutOptions, StoredObject } from './object-store.ts'
import { assertBody } from './read-object.ts'
import { type S3Credentials, type S3Request, type S3Response, type S3Service, sendS3Request } from './s3-request.ts'
import { childText, parseXml, type XmlElement } from './s3-xml.ts'

/** What an {@link S3ObjectStore} is made of. */
export interface S3ObjectStoreOptions {
	/** Of the service, such as `https://<account id>.r2.cloudflarestorage.com`. */
	readonly endpoint: string
	readonly bucket: string
	/** `auto` for R2, which is the default. */
	readonly region?: string
	readonly credentials: S3Credentials
	/** Folder of the bucket that all keys lie in. Default: none. */
	readonly prefix?: string
	/** Milliseconds that one attempt at a request may take. Default 30,000. */
	readonly timeoutMs?: number
	/** Attempts at a request that can be repeated without harm. Default 4. */
	readonly attempts?: number
	/** Milliseconds before the second attempt; they double with each further one. Default 100. */
	readonly retryDelayMs?: number
}

/** Most keys in a page of a listing ("ListObjectsV2", S3 API reference). */
const MAX_PAGE = 1000

/**
 * The object store behind the S3 API: R2 from outside of Workers, Amazon S3, MinIO ... The service must know conditional writes
 * ("Conditional requests", S3 user guide) and be strongly consistent, as those three are.
 *
 * A key with a segment `.` or `..` is refused: URLs resolve such segments, so no request can name it. No key of a lake has one.
 *
 * @example
 * ```ts
 * const store = new S3ObjectStore({
 *   endpoint: `https://${accountId}.r2.cloudflarestorage.com`,
 *   bucket: 'my-bucket',
 *   credentials: { accessKeyId, secretAccessKey },
 * })
 * ```
 */
export class S3ObjectStore implements ObjectStore {
	readonly #service: S3Service
	readonly #prefix: string

	/** @throws SQLakeError CONFIG_INVALID for an endpoint that is no URL of a service, without a bucket, and for keys that are none. */
	constructor(options: S3ObjectStoreOptions) {
		const { bucket, region = 'auto', credentials, prefix = '' } = options
		for (const [name, value] of Object.entries({ bucket, region })) {
			if (value === '') throw new SQLakeError('CONFIG_INVALID', `S3 store, ${name}: expected a text, found an empty one`)
		}
		const { accessKeyId, secretAccessKey, sessionToken } = credentials
		const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
		for (const [name, value] of Object.entries(keys)) assertHeaderText(name, value)
		this.#service = {
			bucketUrl: `${readEndpoint(options.endpoint)}/${encodeSegment(bucket)}`,
			region,
			credentials: keys,
			timeoutMs: options.timeoutMs ?? 30_000,
			attempts: options.attempts ?? 4,
			retryDelayMs: options.retryDelayMs ?? 100,
		}
		this.#prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
	}

	async get(key: string, range?: ByteRange): Promise<StoredObject | null> {
		if (range?.length === 0) return withoutBytes(await this.head(key))
		const headers = range === undefined ? {} : { range: `bytes=${range.offset}-${range.offset + range.length - 1}` }
		const response = await this.#object('get', 'GET', key, { headers, expected: [404, 416], repeatable: true })
		if (response.status === 404) return null
		// A range that begins behind the end.
		if (response.status === 416) return withoutBytes(await this.head(key))
		const { status, bytes } = response
		// A service may answer with the whole object where a part was asked for (RFC 9110, section 14.2).
		if (status === 206 && !startsAt(response, range?.offset)) {
			throw this.#malformed(
				'get',
				key,
				`a part from byte ${range?.offset} on`,
				response.headers.get('content-range') ?? 'no content-range',
			)
		}
		const part = status === 200 && range !== undefined ? copyBytes(bytes, range.offset, range.offset + range.length) : bytes
		const info = this.#info('get', key, response, status === 206 ? totalSize(response) : wholeSize(response))
		assertBody(info, part.byteLength, range)
		return { ...info, bytes: part }
	}

	async head(key: string): Promise<ObjectInfo | null> {
		const response = await this.#object('head', 'HEAD', key, { expected: [404], repeatable: true })
		if (response.status === 404) return null
		return this.#info('head', key, response, Number(response.headers.get('content-length') ?? Number.NaN))
	}

	async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo | null> {
		const { ifMatch, ifNoneMatch, contentType } = options
		const response = await this.#object('put', 'PUT', key, {
			headers: {
				...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
				...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
				...(contentType === undefined ? {} : { 'content-type': contentType }),
			},
			// What the caller does to its array while the request is on its way must not change what is signed and sent.
			body: copyBytes(bytes),
			// If-Match on a key that is not there is 404 with Amazon and 412 with R2; 409 while another writer is at it.
			expected: ifMatch !== undefined ? [404, 409, 412] : ifNoneMatch !== undefined ? [412] : [],
			// The answer to a conditional write that was lost cannot be told from a condition that did not hold; and to repeat a plain
			// one could undo another writer's.
			repeatable: false,
		})
		return response.status >= 400 ? null : this.#info('put', key, response, bytes.byteLength)
	}

	async delete(keys: readonly string[]): Promise<void> {
		// One request a key: DeleteObjects wants an MD5, which a Worker's and Node's common crypto lacks, and XML that cannot hold every key.
		await mapLimit(keys, (key) => this.#object('delete', 'DELETE', key, { expected: [404], repeatable: true }))
	}

	async list(options: { readonly prefix: string; readonly cursor?: string; readonly limit?: number }): Promise<ObjectPage> {
		const { prefix, cursor, limit = MAX_PAGE } = options
		const query = new URLSearchParams({
			'list-type': '2',
			'encoding-type': 'url',
			'max-keys': String(Math.min(limit, MAX_PAGE)),
			prefix: this.#prefix + prefix,
			...(cursor === undefined ? {} : { 'continuation-token': cursor }),
		})
		const request: S3Request = { operation: 'list', key: prefix, method: 'GET', path: `?${query}`, repeatable: true }
		const { bytes } = await sendS3Request(this.#service, request)
		const root = parseXml(new TextDecoder().decode(bytes).trim())
		if (root?.name !== 'ListBucketResult') throw this.#malformed('list', prefix, 'a ListBucketResult', root?.name ?? 'no XML')
		const decode = childText(root, 'EncodingType') === 'url' ? decodeListedKey : (key: string) => key
		const objects = root.children.filter(({ name }) => name === 'Contents').map((entry) => this.#listed(entry, prefix, decode))
		const next = childText(root, 'IsTruncated') === 'true' ? childText(root, 'NextContinuationToken') : undefined
		return next === undefined ? { objects } : { objects, cursor: next }
	}

	#listed(entry: XmlElement, prefix: string, decode: (key: string) => string): ObjectInfo {
		const key = decode(childText(entry, 'Key') ?? '')
		const size = Number(childText(entry, 'Size') ?? Number.NaN)
		if (!key.startsWith(this.#prefix + prefix) || !Number.isSafeInteger(size)) {
			throw this.#malformed('list', prefix, 'keys below the prefix with their sizes', JSON.stringify(key))
		}
		return { key: key.slice(this.#prefix.length), size, etag: unquote(childText(entry, 'ETag') ?? '') }
	}

	async #object(
		operation: string,
		method: S3Request['method'],
		key: string,
		rest: Pick<S3Request, 'headers' | 'body' | 'expected' | 'repeatable'>,
	): Promise<S3Response> {
		assertObjectKey(key)
		const whole = this.#prefix + key
		assertObjectKey(whole)
		const segments = whole.split('/')
		if (segments.some((segment) => segment === '.' || segment === '..')) {
			throw new SQLakeError('STORE_UNAVAILABLE', `object key "${whole}": expected no segment "." or "..", found one`, {
				hint: 'a URL cannot name such a key',
				details: { key },
			})
		}
		const path = `/${segments.map(encodeSegment).join('/')}`
		return sendS3Request(this.#service, { operation, key, method, path, ...rest })
	}

	#info(operation: string, key: string, { headers }: S3Response, size: number): ObjectInfo {
		const etag = unquote(headers.get('etag') ?? '')
		if (etag !== '' && Number.isSafeInteger(size)) return { key, size, etag }
		throw this.#malformed(operation, key, 'an etag and a size', `etag ${JSON.stringify(etag)} and size ${size}`)
	}

	#malformed(operation: string, key: string, expected: string, found: string): SQLakeError {
		return new SQLakeError(
			'STORE_UNAVAILABLE',
			`S3 ${operation} of "${key}" in ${this.#service.bucketUrl}: expected ${expected}, found ${found}`,
			{ hint: 'see whether the endpoint is that of an S3 service', details: { operation, key } },
		)
	}
}

/** Every byte of a key that is no letter, digit, `-`, `_`, `.` or `~` becomes `%XX`, `%` itself too: what is signed is what is sent. */
function encodeSegment(segment: string): string {
	return encodeURIComponent(segment).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** With `encoding-type=url` a listing holds keys as forms encode them: a space is `+`, or `%20` with some services. */
function decodeListedKey(key: string): string {
	return decodeURIComponent(key.replaceAll('+', ' '))
}

/** What no header can hold would otherwise end up in the message of whoever refuses it. */
function assertHeaderText(name: string, value: string): void {
	if (/^[\x21-\x7e]+$/.test(value)) return
	const found = value === '' ? 'nothing' : 'another character'
	throw new SQLakeError('CONFIG_INVALID', `S3 store, ${name}: expected printable ASCII without spaces, found ${found}`)
}

function readEndpoint(endpoint: string): string {
	const url = URL.canParse(endpoint) ? new URL(endpoint) : null
	if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
		throw new SQLakeError('CONFIG_INVALID', `S3 endpoint: expected an http or https URL, found ${JSON.stringify(endpoint)}`)
	}
	if (url.username !== '' || url.password !== '') {
		throw new SQLakeError('CONFIG_INVALID', 'S3 endpoint: expected no user name or password in the URL, found one')
	}
	return url.origin + url.pathname.replace(/\/+$/, '')
}

/** From `bytes 0-3/10`. */
function totalSize({ headers }: S3Response): number {
	return Number(/\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] ?? Number.NaN)
}

/** Whether a part is the one that was asked for, and no other of the same length. */
function startsAt({ headers }: S3Response, offset: number | undefined): boolean {
	return Number(/^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1] ?? Number.NaN) === offset
}

/** As the service states it; a body that is sent in chunks has no length in front, and ends by itself. */
function wholeSize({ headers, bytes }: S3Response): number {
	return Number(headers.get('content-length') ?? bytes.byteLength)
}

function unquote(etag: string): string {
	return etag.replace(/^(?:W\/)?"(.*)"$/, '$1')
}

function withoutBytes(info: ObjectInfo | null): StoredObject | null {
	return info === null ? null : { ...info, bytes: new Uint8Array(0) }
}
