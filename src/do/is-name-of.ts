/**
 * Tells whether a name leads to an object, in one of the namespaces that env binds.
 *
 * @param env the Worker's bindings
 */
export function isNameOf(env: object, name: string, id: DurableObjectId): boolean {
	return Object.values(env).some((binding) => isNamespace(binding) && binding.idFromName(name).equals(id))
}

function isNamespace(binding: unknown): binding is Pick<DurableObjectNamespace, 'idFromName'> {
	return binding instanceof Object && binding.constructor.name === 'DurableObjectNamespace'
}
