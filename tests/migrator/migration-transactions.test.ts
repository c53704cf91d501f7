import { NodeStorage } from '../../src/local/node-storage.ts'
import { migrationTransactionsContract } from '../contract/migration-transactions.ts'

migrationTransactionsContract('Node', async (test) => {
	const storage = new NodeStorage(':memory:', { get: () => null, set: () => {} })
	try {
		await test(storage.durableObjectStorage)
	} finally {
		storage.close()
	}
})
