/**
 * A process that writes, flushes, and dies at a given call to the lake's store: `node crash-child.ts <directory> <call> <when>`.
 * It prints each write once its promise has resolved, and the number of calls if it comes to its end.
 */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { FileObjectStore } from '../../src/lake/storage/file.ts'
import type { ObjectStore } from '../../src/lake/storage/object-store.ts'
import { LocalRouter } from '../../src/local/local-router.ts'
import { crashMigrations, crashSchema } from './crash-schema.ts'

const [directory = '', fatalCall = '0', when = 'before'] = process.argv.slice(2)
let calls = 0

/** Dies as by a power cut, before or after a call. */
async function fatal<T>(call: () => Promise<T>): Promise<T> {
	const mine = ++calls === Number(fatalCall)
	if (mine && when === 'before') process.kill(process.pid, 'SIGKILL')
	const answer = await call()
	if (mine) process.kill(process.pid, 'SIGKILL')
	return answer
}

const files = new FileObjectStore(join(directory, 'data'))
const lake: ObjectStore = {
	get: (key, range) => fatal(() => files.get(key, range)),
	head: (key) => fatal(() => files.head(key)),
	put: (key, bytes, options) => fatal(() => files.put(key, bytes, options)),
	delete: (keys) => fatal(() => files.delete(keys)),
	list: (options) => fatal(() => files.list(options)),
}

const router = new LocalRouter({ schema: crashSchema, migrations: crashMigrations, db: join(directory, 'local.db'), lake })
for (const [shard, id] of [
	['ada', 'a'],
	['bob', 'a'],
	['ada', 'b'],
] as const) {
	await router.sql`INSERT INTO notes (owner, id, text) VALUES (${shard}, ${id}, 'first')
		ON CONFLICT DO UPDATE SET text = text || '+'`.run()
	// Written at once: what a dead process still holds in a buffer is lost.
	writeSync(1, `${shard}/${id}\n`)
}
await router.flush()
await router.sql`DELETE FROM notes WHERE owner = 'ada' AND id = 'a'`.run()
writeSync(1, 'deleted ada/a\n')
await router.flush()
await router.close()
writeSync(1, `calls ${calls}\n`)
