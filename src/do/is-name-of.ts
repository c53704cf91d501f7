/**
 * Tells whether a name leads to an object, in one of the namespaces that env binds.
 *
 * @param env the Worker's bindings
 */
export function isNameOf(env: object, name: string, id: DurableObjectId): boolean {
	return bindingOf(env, name, id) !== null
}

/**
 * The binding of the namespace in which a name leads to an object; null where env binds none such.
 *
 * @param env the Worker's bindings
 */
export function bindingOf(env: object, name: string, id: DurableObjectId): string | null {
	const found = Object.entries(env).find(([, value]) => isNamespace(value) && value.idFromName(name).equals(id))
	return found?.[0] ?? null
}

function isNamespace(binding: unknown): binding is Pick<DurableObjectNamespace, 'idFromName'> {
	return binding instanceof Object && binding.constructor.name === 'DurableObjectNamespace'
}
