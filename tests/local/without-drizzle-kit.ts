/** A process in which drizzle-kit cannot be found: it prints the error of a router that needs it. */
import { registerHooks } from 'node:module'
import { text } from 'drizzle-orm/sqlite-core'

registerHooks({
	resolve(specifier, context, next) {
		if (!specifier.startsWith('drizzle-kit')) return next(specifier, context)
		throw Object.assign(new Error("Cannot find package 'drizzle-kit'"), { code: 'ERR_MODULE_NOT_FOUND' })
	},
})
const { createInMemoryRouter, SQLake, SQLakeError } = await import('../../src/index.ts')
const schema = SQLake({ users: { id: text('id').primaryKey() }, shard: { users: 'id' } })
try {
	await createInMemoryRouter({ schema }).sql`SELECT * FROM users WHERE id = 'ada'`.all()
} catch (error) {
	console.log(SQLakeError.is(error) ? JSON.stringify([error.code, error.hint]) : error)
}
