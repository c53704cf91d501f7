import { describe, expect, it } from 'vitest'
import { NodeStorage } from '../../src/local/node-storage.ts'
import type { Migration } from '../../src/migrator/manifest.ts'
import type { MigrationStatus } from '../../src/migrator/migration-status.ts'
import { MigrationGate } from '../../src/shard/migration-gate.ts'
import { itemsLake, itemsTable } from '../delivery/table-changes.ts'

/** The code has a column "note" in items, which the database lacks. */
const [id] = itemsTable.columns
const noted = { ...itemsTable, columns: itemsTable.columns.concat(id === undefined ? [] : { ...id, name: 'note' }) }
const lake = { ...itemsLake, tables: new Map([['items', noted]]) }

const pending: Migration = {
	idx: 1,
	tag: '0001_note',
	when: 1,
	sql: 'ALTER TABLE items ADD COLUMN note text',
	hash: '',
	checksum: '',
	down: null,
}

const failed: MigrationStatus = {
	state: 'failed',
	manifestVersion: 1,
	appliedCount: 1,
	pendingCount: 1,
	applied: [],
	pending: [pending.tag],
	lastError: { code: 'MIGRATION_FAILED', message: 'no', tag: pending.tag, at: 1 },
	attempts: 1,
	retryAt: 2,
}

function gateOf(migration: Partial<Migration> = {}): MigrationGate {
	const { sql } = new NodeStorage(':memory:', { get: () => null, set: () => {} }).durableObjectStorage
	sql.exec('CREATE TABLE items (id text PRIMARY KEY); CREATE TABLE notes (id text, note text); CREATE TABLE others (id text)')
	return new MigrationGate({ sql, shard: 's', status: failed, pending: [{ ...pending, ...migration }], lake })
}

const refused = expect.objectContaining({ code: 'MIGRATION_PENDING' })

describe('a shard whose migration fails', () => {
	it('refuses writes to the tables that the migration changes, and takes those to others', () => {
		const gate = gateOf()
		for (const sql of ["INSERT INTO items VALUES ('a')", 'UPDATE ITEMS SET id = 1', 'DELETE FROM "items"']) {
			expect(() => gate.check(sql)).toThrow(refused)
		}
		gate.check("INSERT INTO others VALUES ('a')")
		gate.check('SELECT * FROM items')
	})

	it('refuses writes to a table that the migration only describes anew', () => {
		const gate = gateOf({ tables: { Others: null } })
		expect(() => gate.check('DELETE FROM others')).toThrow(refused)
	})

	it('refuses a name in double quotes that would be read as text, unless another table of the statement has it', () => {
		const gate = gateOf()
		expect(() => gate.check('SELECT "note" FROM items')).toThrow(refused)
		gate.check('SELECT "note" FROM items JOIN notes USING (id)')
		gate.check('SELECT "note" FROM others')
		gate.check('SELECT "id" FROM items')
	})
})
