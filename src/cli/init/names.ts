/** What the parts of an application are called. */
export interface Names {
	/** Of the Worker. */
	readonly worker: string
	/** Class of the Durable Object, such as `UserDO`. */
	readonly className: string
	/** Its binding, such as `USER_DO`. */
	readonly binding: string
	/** Binding of the bucket. */
	readonly bucketBinding: string
	/** The bucket. */
	readonly bucket: string
	/** Whether a catalog object commits for all shards. */
	readonly catalog: boolean
}

/** The binding of the catalog object, and its class. */
export const CATALOG = { binding: 'SQLAKE_CATALOG', className: 'SQLakeCatalog' } as const

/** The binding that a class is expected under: `USER_DO` for `UserDO`. */
export function bindingOf(className: string): string {
	return className.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toUpperCase()
}

/** The module that a class is written to: `user-do` for `UserDO`. */
export function moduleOf(className: string): string {
	return bindingOf(className).toLowerCase().replaceAll('_', '-')
}

/** A name that Workers and buckets may have: lower-case letters, digits and dashes, at most 50. */
export function workerName(name: string): string {
	const plain = name
		.toLowerCase()
		.replaceAll(/[^a-z0-9]+/g, '-')
		.replaceAll(/^-+|-+$/g, '')
		.slice(0, 50)
	return plain === '' ? 'my-lake' : plain
}
