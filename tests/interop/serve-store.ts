import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'

/** A store behind HTTP, each key as it is: icebird knows no other way to a file. */
export interface ServedStore {
	/** Prefix of every path, without a slash at its end. */
	readonly location: string
	readonly close: () => Promise<void>
}

/** @param storeOf - the store that a path belongs to, by its first segment, and the key in it */
export async function serveStore(
	storeOf: (path: string) => { readonly store: ObjectStore; readonly key: string } | undefined,
): Promise<ServedStore> {
	const server = createServer(async (request, response) => {
		const found = storeOf((request.url ?? '').slice(1))
		const object = found === undefined ? null : await found.store.get(found.key)
		if (object === null) return response.writeHead(404).end()
		const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
		if (range === null) return response.writeHead(200, { 'content-length': object.size }).end(object.bytes)
		const end = range[2] ? Number(range[2]) + 1 : object.size
		response.writeHead(206).end(object.bytes.slice(Number(range[1]), end))
	})
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
	return {
		location: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: () => new Promise((resolve) => void server.close(() => resolve())),
	}
}
