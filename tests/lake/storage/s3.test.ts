import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { SQLakeError } from '../../../src/errors.ts'
import { S3ObjectStore, type S3ObjectStoreOptions } from '../../../src/lake/storage/s3.ts'
import { compareUtf8 } from '../../../src/lake/utf8-order.ts'
import { objectStoreContract } from '../../contract/object-store.ts'
import { type S3Server, startS3Server } from '../../support/s3-server.ts'

let server: S3Server
let client: S3Client
beforeAll(async () => {
	server = await startS3Server()
	client = new S3Client({
		endpoint: server.endpoint,
		region: server.region,
		credentials: server.credentials,
		forcePathStyle: true,
		maxAttempts: 1,
	})
})
afterEach(() => {
	server.fault = undefined
	server.ignoreRanges = false
	server.spoilParts = undefined
	server.shiftParts = 0
	server.requests.length = 0
})
afterAll(async () => {
	client.destroy()
	await server[Symbol.asyncDispose]()
})

const open = (options: Partial<S3ObjectStoreOptions> = {}) => new S3ObjectStore({ ...server, retryDelayMs: 1, ...options })
const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes)
const rejected = async (work: Promise<unknown>): Promise<SQLakeError> => {
	const error = await work.then(
		() => undefined,
		(reason: unknown) => reason,
	)
	if (!SQLakeError.is(error)) throw new Error(`expected an SQLakeError, found ${String(error)}`)
	return error
}

objectStoreContract('S3ObjectStore', async () => open(), { dotSegments: false })

describe("Amazon's own client and the store", () => {
	const keys = ['sdk/data/orders/_shard=%F0%9F%98%80~x/a.parquet', 'sdk/a+b c', "sdk/é'(*)!", 'sdk/&<">', 'sdk/%252F']

	it('read what the other wrote, under the same keys', async () => {
		const { bucket: Bucket } = server
		for (const Key of keys) {
			await open().put(Key, bytesOf(`store ${Key}`))
			expect(await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()).toBe(`store ${Key}`)
			await client.send(new PutObjectCommand({ Bucket, Key, Body: `client ${Key}` }))
			expect(textOf((await open().get(Key))?.bytes)).toBe(`client ${Key}`)
		}
		const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'sdk/' }))
		const ours = await open().list({ prefix: 'sdk/' })
		expect(ours.objects.map(({ key }) => key)).toEqual(keys.toSorted(compareUtf8))
		expect(listed.Contents?.map(({ Key, Size, ETag }) => ({ key: Key, size: Size, etag: ETag?.replaceAll('"', '') }))).toEqual(
			ours.objects,
		)
	})

	it('agree on conditions', async () => {
		const { bucket: Bucket } = server
		const put = await client.send(new PutObjectCommand({ Bucket, Key: 'sdk-if', Body: 'one', IfNoneMatch: '*' }))
		expect(await open().put('sdk-if', bytesOf('two'), { ifNoneMatch: '*' })).toBeNull()
		const two = await open().put('sdk-if', bytesOf('two'), { ifMatch: put.ETag?.replaceAll('"', '') ?? '' })
		expect(two).not.toBeNull()
		await expect(
			client.send(new PutObjectCommand({ Bucket, Key: 'sdk-if', Body: '3', IfMatch: put.ETag })),
		).rejects.toMatchObject({
			name: 'PreconditionFailed',
		})
	})
})

it('stores and lists any well-formed key without dot segments', { timeout: 30_000 }, async () => {
	// Of its own, so that the other tests count their requests alone.
	await using own = await startS3Server()
	const store = new S3ObjectStore({ ...own, prefix: 'any/%2F ü' })
	const key = fc
		.string({ unit: 'binary', minLength: 1, maxLength: 60 })
		.filter((text) => text.isWellFormed() && !text.split('/').some((segment) => segment === '.' || segment === '..'))
	await fc.assert(
		fc.asyncProperty(fc.uniqueArray(key, { minLength: 1, maxLength: 5 }), async (keys) => {
			for (const each of keys) await store.put(`k${each}`, bytesOf(each))
			for (const each of keys) expect(textOf((await store.get(`k${each}`))?.bytes)).toBe(each)
			expect((await store.list({ prefix: '' })).objects.map((object) => object.key)).toEqual(
				keys.map((each) => `k${each}`).sort(compareUtf8),
			)
			await store.delete(keys.map((each) => `k${each}`))
		}),
		{ numRuns: 40 },
	)
})

describe('a store below a prefix', () => {
	it('sees nothing beside it', async () => {
		const [one, two, all] = [open({ prefix: 'p1' }), open({ prefix: 'p1/p2/' }), open()]
		await two.put('a', bytesOf('two'))
		expect(await one.get('a')).toBeNull()
		expect(textOf((await one.get('p2/a'))?.bytes)).toBe('two')
		expect((await all.list({ prefix: 'p1/' })).objects.map(({ key }) => key)).toEqual(['p1/p2/a'])
		expect((await two.list({ prefix: '' })).objects.map(({ key }) => key)).toEqual(['a'])
	})
})

it('takes the part of an answer that holds more than the range', async () => {
	await open().put('whole', bytesOf('0123456789'))
	server.ignoreRanges = true
	expect(await open().get('whole', { offset: 3, length: 4 })).toMatchObject({ size: 10, bytes: bytesOf('3456') })
	expect(await open().get('whole', { offset: 30, length: 4 })).toMatchObject({ size: 10, bytes: bytesOf('') })
})

it('takes no part that is shorter, longer or another than it asked for, and names the object', async () => {
	await open().put('parts', bytesOf('0123456789'))
	const part = () => open().get('parts', { offset: 3, length: 4 })
	const named = { code: 'STORE_UNAVAILABLE', message: expect.stringContaining('"parts"') }
	server.spoilParts = (body) => body.subarray(1)
	await expect(part()).rejects.toMatchObject(named)
	server.spoilParts = (body) => new Uint8Array([...body, 0])
	await expect(part()).rejects.toMatchObject(named)
	server.spoilParts = undefined
	server.shiftParts = 2
	await expect(part()).rejects.toMatchObject(named)
	server.shiftParts = 0
	expect(await part()).toMatchObject({ size: 10, bytes: bytesOf('3456') })
})

describe('a refusal', () => {
	it.each<[string, Partial<S3ObjectStoreOptions>, string, RegExp]>([
		[
			'wrong secret',
			{ credentials: { accessKeyId: 'AKIDTEST', secretAccessKey: 'wrong-secret' } },
			'SignatureDoesNotMatch',
			/secret/,
		],
		[
			'unknown key id',
			{ credentials: { accessKeyId: 'AKIDOTHER', secretAccessKey: 'x-secret' } },
			'InvalidAccessKeyId',
			/endpoint/,
		],
		['wrong region', { region: 'eu-west-1' }, 'AuthorizationHeaderMalformed', /region/],
		['no such bucket', { bucket: 'none' }, 'NoSuchBucket', /create the bucket/],
	])('says what is wrong and what to do, and names no key: %s', async (_, options, code, hint) => {
		const store = open(options)
		const calls = [
			() => store.get('a'),
			() => store.put('a', bytesOf('')),
			() => store.put('a', bytesOf(''), { ifMatch: 'e' }),
			() => store.list({ prefix: '' }),
		]
		for (const call of calls) {
			const error = await rejected(call())
			expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', hint: expect.stringMatching(hint), details: { s3Code: code } })
			expect(error.message).toContain(code)
			expect(JSON.stringify(error)).not.toMatch(/AKID|wrong-secret|x-secret|very.secret/)
		}
		expect(server.requests).toHaveLength(4)
	})

	it('names the address that does not answer', async () => {
		await using other = await startS3Server()
		const { endpoint } = other
		await other[Symbol.asyncDispose]()
		const error = await rejected(open({ endpoint, attempts: 1 }).get('a'))
		expect(error).toMatchObject({
			code: 'STORE_UNAVAILABLE',
			message: expect.stringMatching(/^S3 get of "a" in http.*ECONNREFUSED/),
		})
	})

	it('is not taken for an absent object where something else than S3 answers', async () => {
		const store = open({ endpoint: `${server.endpoint}/my-bucket`, bucket: 'deeper' })
		expect(await store.get('a')).toBeNull()
		server.fault = () => ({ status: 404, code: '' })
		expect(await rejected(open().get('a'))).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { status: 404 } })
	})

	it.each(['', 'ftp://host', 'host:9000', 'https://host?x=1', 'https://me:secret@host'])('meets the endpoint %j', (endpoint) => {
		const error = (() => {
			try {
				return open({ endpoint })
			} catch (thrown) {
				return thrown
			}
		})()
		expect(SQLakeError.is(error, 'CONFIG_INVALID')).toBe(true)
		expect(String(error)).not.toContain('secret')
	})
})

it.each(['', 'very secret', 'very\nsecret', 'verysécret'])('refuses the key %j, and does not show it', (secretAccessKey) => {
	for (const credentials of [
		{ accessKeyId: 'AKIDTEST', secretAccessKey },
		{ accessKeyId: secretAccessKey, secretAccessKey: 'x' },
	]) {
		expect(() => open({ credentials })).toThrow(
			expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringMatching(/very/) }),
		)
	}
})

describe('what is repeated, and what is not', () => {
	const failing = (times: number, fault: S3Server['fault']): S3Server['fault'] => {
		let left = times
		return (request) => (left-- > 0 ? fault?.(request) : undefined)
	}

	it.each([500, 502, 503, 504])('repeats a read that was answered with %i', async (status) => {
		await open().put('again', bytesOf('x'))
		server.fault = failing(3, () => ({ status, code: 'InternalError' }))
		expect(textOf((await open().get('again'))?.bytes)).toBe('x')
		server.fault = failing(4, () => ({ status, code: 'InternalError' }))
		expect(await rejected(open().get('again'))).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { status } })
	})

	it('repeats reads, listings and deletions whose answer was lost', async () => {
		await open().put('lost', bytesOf('x'))
		server.fault = failing(2, () => ({ drop: true }))
		expect(await open().head('lost')).toMatchObject({ size: 1 })
		server.fault = failing(2, () => ({ drop: true }))
		expect((await open().list({ prefix: 'lost' })).objects).toHaveLength(1)
		server.fault = failing(1, () => ({ drop: true, after: true }))
		await open().delete(['lost'])
		expect(await open().head('lost')).toBeNull()
	})

	it.each<[string, object]>([
		['to create', { ifNoneMatch: '*' }],
		['to replace', {}],
	])('sends a write %s once where its outcome is unknown', async (_, options) => {
		for (const fault of [
			{ drop: true },
			{ status: 500, code: 'InternalError' },
			{ status: 503, code: 'ServiceUnavailable' },
		] as const) {
			server.requests.length = 0
			server.fault = failing(1, () => ({ ...fault, after: true }))
			const key = `once-${crypto.randomUUID()}`
			const error = await rejected(open().put(key, bytesOf('mine'), options))
			expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { outcome: 'unknown' } })
			expect(server.requests).toHaveLength(1)
			// It did take effect: a second attempt to create would have said that another had been first.
			expect(textOf((await open().get(key))?.bytes)).toBe('mine')
		}
	})

	it.each(['SlowDown', 'TooManyRequests'])('repeats a write that the service did not begin: %s', async (code) => {
		server.fault = failing(2, () => ({ status: code === 'SlowDown' ? 503 : 429, code }))
		const key = `slow-${code}`
		expect(await open().put(key, bytesOf('x'), { ifNoneMatch: '*' })).not.toBeNull()
		expect(server.requests).toHaveLength(3)
		server.fault = failing(9, () => ({ status: 503, code: 'SlowDown' }))
		expect(await rejected(open().put(key, bytesOf('y')))).toMatchObject({ details: { outcome: 'not run' } })
	})

	it('tells of writers that keep each other from creating a key, and loses a swap to another writer', async () => {
		server.fault = () => ({ status: 409, code: 'ConditionalRequestConflict' })
		expect(await rejected(open().put('a', bytesOf(''), { ifNoneMatch: '*' }))).toMatchObject({ code: 'STORE_CONFLICT' })
		expect(server.requests).toHaveLength(4)
		expect(await open().put('a', bytesOf(''), { ifMatch: 'e' })).toBeNull()
	})

	it('ends an attempt that takes too long', async () => {
		server.fault = () => ({ hang: true })
		const error = await rejected(open({ timeoutMs: 40, attempts: 2 }).get('a'))
		expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringContaining('no answer within 40 ms') })
		expect(server.requests).toHaveLength(2)
	})

	it('follows no redirection, which would need another signature', async () => {
		server.fault = () => ({ status: 301, code: 'PermanentRedirect' })
		expect(await rejected(open().get('a'))).toMatchObject({ code: 'STORE_UNAVAILABLE', hint: expect.stringContaining('region') })
	})
})
