import { env } from 'cloudflare:test'
import { R2ObjectStore } from '../../../src/lake/storage/r2.ts'
import { objectStoreContract } from '../../contract/object-store.ts'

objectStoreContract('R2ObjectStore', async () => new R2ObjectStore(env.SQLAKE_BUCKET))
