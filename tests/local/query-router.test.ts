import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInMemoryRouter } from '../../src/local/in-memory-router.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import type { NodeRouter } from '../../src/local/node-router.ts'
import { queryRouterContract, type RouterUnderTest, schema } from '../contract/query-router.ts'

function underTest(router: NodeRouter<typeof schema>, cleanUp = async () => {}): RouterUnderTest {
	const close = async () => {
		await router.close()
		await cleanUp()
	}
	return { router, client: router, flush: () => router.flush(), close }
}

queryRouterContract('createInMemoryRouter', async () => underTest(createInMemoryRouter({ schema })), { lake: true })

queryRouterContract(
	'LocalRouter',
	async () => {
		const directory = await mkdtemp(join(tmpdir(), 'sqlake-local-'))
		const router = new LocalRouter({ schema, db: join(directory, 'local.db'), lake: join(directory, 'data') })
		return underTest(router, () => rm(directory, { recursive: true, force: true }))
	},
	{ lake: true },
)
