import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestHarness } from 'wrangler'
import { type S3Server, startS3Server } from '../../support/s3-server.ts'
import type { StoreCall } from './worker.ts'

// The local runtime would otherwise ask the network where on earth it is.
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false'

const harness = createTestHarness({ root: import.meta.dirname, workers: [{ configPath: './wrangler.jsonc' }] })
let s3: S3Server
let url: URL
beforeAll(async () => {
	s3 = await startS3Server()
	url = (await harness.listen()).url
}, 60_000)
afterAll(async () => {
	await harness.close()
	await s3[Symbol.asyncDispose]()
})

async function call(method: StoreCall['method'], args: readonly unknown[], text?: string) {
	const { endpoint, bucket, credentials } = s3
	const body: StoreCall = {
		options: { endpoint, bucket, credentials, retryDelayMs: 1 },
		method,
		args,
		...(text === undefined ? {} : { text }),
	}
	const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
	return (await response.json()) as { result: Record<string, unknown> | null; text?: string; error?: unknown }
}

it('a Worker keeps a lake in an S3 service', async () => {
	const key = 'data/t/_shard=%C3%A9~1/a b+c.parquet'
	const { result: put } = await call('put', [key, { ifNoneMatch: '*' }], '0123456789')
	expect(put).toMatchObject({ key, size: 10 })
	expect((await call('put', [key, { ifNoneMatch: '*' }], 'other')).result).toBeNull()
	expect((await call('put', [key, { ifMatch: 'none' }], 'other')).result).toBeNull()
	expect((await call('head', [key])).result).toEqual(put)
	expect(await call('get', [key])).toMatchObject({ result: { etag: put?.etag, size: 10 }, text: '0123456789' })
	expect(await call('get', [key, { offset: 3, length: 4 }])).toMatchObject({ result: { size: 10 }, text: '3456' })
	expect(await call('get', [key, { offset: 30, length: 4 }])).toMatchObject({ result: { size: 10 }, text: '' })
	expect((await call('list', [{ prefix: 'data/' }])).result).toEqual({ objects: [put] })
	await call('delete', [[key]])
	expect((await call('get', [key])).result).toBeNull()
})

it('a Worker tries again where the service is in trouble, and says what it answered', async () => {
	let failures = 2
	s3.fault = () => (failures-- > 0 ? { status: 503, code: 'SlowDown' } : undefined)
	expect((await call('get', ['none'])).result).toBeNull()
	s3.fault = () => ({ status: 403, code: 'AccessDenied' })
	expect((await call('get', ['none'])).error).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { s3Code: 'AccessDenied' } })
	s3.fault = undefined
})
