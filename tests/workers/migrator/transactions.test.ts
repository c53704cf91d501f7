import { migrationTransactionsContract } from '../../contract/migration-transactions.ts'
import { inStorage } from './support.ts'

migrationTransactionsContract('a Durable Object', inStorage)
