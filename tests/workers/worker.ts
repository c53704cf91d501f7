import { DurableObject } from 'cloudflare:workers'

/** A Durable Object with SQLite and nothing else: tests reach into it with runInDurableObject. */
export class PlainDO extends DurableObject {}

export default {
	fetch(): Response {
		return new Response('sqlake tests')
	},
}
