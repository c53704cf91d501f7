import { S3ObjectStore, type S3ObjectStoreOptions } from 'sqlake/iceberg'

/** What the test asks for: a call of the store. */
export interface StoreCall {
	readonly options: S3ObjectStoreOptions
	readonly method: 'get' | 'head' | 'put' | 'list' | 'delete'
	readonly args: readonly unknown[]
	/** Text of the bytes to put. */
	readonly text?: string
}

export default {
	async fetch(request) {
		const { options, method, args, text } = await request.json<StoreCall>()
		const store = new S3ObjectStore(options)
		const [key, ...rest] = args
		const call = text === undefined ? args : [key, new TextEncoder().encode(text), ...rest]
		try {
			const result = await Reflect.apply(store[method], store, call)
			const bytes = result !== null && typeof result === 'object' && 'bytes' in result ? result.bytes : undefined
			return Response.json({ result, text: bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : undefined })
		} catch (error) {
			return Response.json({ error })
		}
	},
} satisfies ExportedHandler
