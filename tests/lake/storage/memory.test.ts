import { MemoryObjectStore } from '../../../src/lake/storage/memory.ts'
import { objectStoreContract } from '../../contract/object-store.ts'

const store = new MemoryObjectStore()
objectStoreContract('MemoryObjectStore', async () => store)
