import { expect, it } from 'vitest'
import { Capture } from '../../../src/cdc/capture.ts'
import { createObservability } from '../../../src/observability/create-observability.ts'
import { ShardMigrations } from '../../../src/shard/shard-migrations.ts'
import { initial, schemaBefore } from './objects.ts'
import { inStorage, manifestOfMigrations, rows, runnerOf } from './support.ts'

it('a start with nothing pending writes no row, and asks the database little', () =>
	inStorage(async (storage) => {
		const indexes = Array.from({ length: 49 }, (_, index) => `CREATE INDEX i${index} ON users (email, id)`)
		const migrations = manifestOfMigrations(initial, ...indexes)
		await runnerOf(storage, migrations).run()
		const statements: string[] = []
		const exec = (query: string, ...values: unknown[]) => {
			statements.push(query)
			return storage.sql.exec(query, ...values)
		}
		const watched = {
			sql: { exec },
			transactionSync: <T>(run: () => T) => storage.transactionSync(run),
			sync: () => storage.sync(),
		} as unknown as DurableObjectStorage
		const open = (on: DurableObjectStorage) => {
			const parts = { shard: 's', migrations, policy: 'on-start', lake: schemaBefore.lake, now: Date.now } as const
			const capture = new Capture(on, schemaBefore.lake, { shard: 's' })
			return new ShardMigrations({ ...parts, storage: on, capture, observability: createObservability() }).open()
		}
		await open(storage)
		const changes = rows(storage, 'SELECT total_changes()')
		await open(watched)
		expect(rows(storage, 'SELECT total_changes()')).toEqual(changes)
		const ours = statements.filter((query) => /migrat|foreign_keys/.test(query))
		expect(ours).toHaveLength(5)
	}))
