import { closeSync, openSync, readSync } from 'node:fs'
import { NodeStorage } from '../../local/node-storage.ts'
import type { BundledMigrations } from '../../migrator/bundled-migrations.ts'
import type { MigrationManifest } from '../../migrator/manifest.ts'
import { MigrationRunner } from '../../migrator/migration-runner.ts'
import type { Migratable, Migratables } from './migratable.ts'

/** What a SQLite file is migrated by. */
export interface FileOptions {
	/** Absolute path. */
	readonly file: string
	readonly migrations: BundledMigrations | MigrationManifest
	readonly skipChecksum: boolean
}

/** Byte of a database's header that tells how it is written, and its value for write-ahead logs (SQLite file format, section 1.3). */
const WRITE_VERSION = { offset: 18, wal: 2 }

/** Opens a SQLite file that is no shard: nothing captures its changes. It stays in the journal mode that it is in. */
export function openFile({ file, migrations, skipChecksum }: FileOptions): Migratables {
	const wasWal = isWal(file)
	// The file is SQLite's, which takes more than a Durable Object does.
	const storage = new NodeStorage(file, { get: () => null, set: () => {} }, false)
	const runner = new MigrationRunner({ storage: storage.durableObjectStorage, migrations, skipChecksum })
	const database: Migratable = {
		name: file,
		status: async () => runner.status(),
		run: (request) => runner.run(request),
		dryRun: (request) => runner.dryRun(request),
	}
	return {
		kind: 'file',
		place: file,
		databases: [database],
		[Symbol.asyncDispose]: async () => {
			if (!wasWal) storage.exec('PRAGMA journal_mode = DELETE', [])
			storage.close()
		},
	}
}

function isWal(file: string): boolean {
	const header = new Uint8Array(WRITE_VERSION.offset + 1)
	const handle = openSync(file, 'r')
	try {
		readSync(handle, header)
	} finally {
		closeSync(handle)
	}
	return header[WRITE_VERSION.offset] === WRITE_VERSION.wal
}
