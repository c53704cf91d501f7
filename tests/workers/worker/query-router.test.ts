import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { createInMemoryRouter, LocalRouter, sqlake, WorkerRouter } from '../../../src/index.workerd.ts'
import { queryRouterContract, schema } from '../../contract/query-router.ts'

const { SHARD_DO, SQLAKE_BUCKET } = env

// Lake queries would load DuckDB, which takes longer than all other tests together: the routers in Node ask the lake.
queryRouterContract(
	'WorkerRouter',
	async () => {
		const bindings = { SHARD_DO, SQLAKE_BUCKET }
		return { router: new WorkerRouter(bindings, { schema }), client: sqlake(bindings, { schema }) }
	},
	{ lake: false },
)

it('the routers of Node say that they need it', () => {
	const needsNode = expect.objectContaining({ code: 'RUNTIME_UNSUPPORTED', hint: expect.stringContaining('WorkerRouter') })
	expect(() => new LocalRouter({ schema })).toThrow(needsNode)
	expect(() => createInMemoryRouter({ schema })).toThrow(needsNode)
})
