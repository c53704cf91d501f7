import type { ObjectPage, ObjectStore, StoredObject } from '../../../src/lake/storage/object-store.ts'

/** A part of a store that looks like a whole one: each simulated shard gets a lake of its own, which stays small. */
export function prefixedStore(store: ObjectStore, prefix: string): ObjectStore {
	const without = <T extends { readonly key: string }>(object: T): T => ({ ...object, key: object.key.slice(prefix.length) })
	return {
		get: async (key, range): Promise<StoredObject | null> => {
			const object = await store.get(prefix + key, range)
			return object === null ? null : without(object)
		},
		head: async (key) => {
			const object = await store.head(prefix + key)
			return object === null ? null : without(object)
		},
		put: async (key, bytes, options) => {
			const object = await store.put(prefix + key, bytes, options)
			return object === null ? null : without(object)
		},
		delete: (keys) => store.delete(keys.map((key) => prefix + key)),
		list: async (options): Promise<ObjectPage> => {
			const page = await store.list({ ...options, prefix: prefix + options.prefix })
			return { ...page, objects: page.objects.map(without) }
		},
	}
}
