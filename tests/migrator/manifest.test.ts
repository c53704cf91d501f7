import { describe, expect, it } from 'vitest'
import { MemoryObjectStore } from '../../src/lake/storage/memory.ts'
import type { BundledMigrations } from '../../src/migrator/bundled-migrations.ts'
import { checkManifest } from '../../src/migrator/check-manifest.ts'
import { createMigrationManifest } from '../../src/migrator/create-migration-manifest.ts'
import { fetchMigrationManifest, MANIFEST_KEY } from '../../src/migrator/fetch-migration-manifest.ts'
import { manifestOf } from '../../src/migrator/manifest-of.ts'
import { ChecksumMismatchError, MigrationError } from '../../src/migrator/migration-error.ts'
import { sha256Hex } from '../../src/schema/sha256.ts'

const entry = (idx: number, tag = `000${idx}_m`, when = 1_000 + idx) => ({ idx, tag, when, breakpoints: true })
const bundle: BundledMigrations = {
	journal: { entries: [entry(1), entry(0)] },
	migrations: { m0000: 'CREATE TABLE a (b);', m0001: 'CREATE TABLE c (d);' },
}
const withEntries = (...entries: BundledMigrations['journal']['entries'][number][]) => ({ ...bundle, journal: { entries } })

function failureOf(run: () => unknown): MigrationError {
	try {
		run()
	} catch (error) {
		if (error instanceof MigrationError) return error
		throw error
	}
	throw new Error('expected an error')
}

describe('createMigrationManifest', () => {
	it("puts the migrations of drizzle-kit's bundle in order", () => {
		const manifest = createMigrationManifest(bundle)
		expect(manifest).toMatchObject({ formatVersion: 1, version: 0, tables: {}, lastFieldIds: {} })
		expect(manifest.migrations.map(({ tag, hash, down }) => ({ tag, hash, down }))).toEqual([
			{ tag: '0000_m', hash: sha256Hex('CREATE TABLE a (b);'), down: null },
			{ tag: '0001_m', hash: sha256Hex('CREATE TABLE c (d);'), down: null },
		])
	})

	it('takes journal, files and down scripts', () => {
		const { migrations } = createMigrationManifest({
			journal: { entries: [entry(0)] },
			files: { '0000_m': 'CREATE TABLE a (b);' },
			downs: { '0000_m': { sql: 'DROP TABLE a;', losses: ['table "a"'] } },
		})
		expect(migrations[0]?.down).toMatchObject({ sql: 'DROP TABLE a;', losses: ['table "a"'] })
	})

	it.each([
		['a gap', withEntries(entry(0), entry(2)), 'MIGRATION_MISSING', '0002_m'],
		['a missing first one', withEntries(entry(1)), 'MIGRATION_MISSING', '0001_m'],
		['a missing file', withEntries(entry(0), entry(1), entry(2)), 'MIGRATION_MISSING', '0002_m.sql'],
		['one number twice', withEntries(entry(0), { ...entry(1), idx: 0 }), 'MIGRATION_DUPLICATE', '0001_m'],
		['one name twice', withEntries(entry(0), entry(1, '0000_m')), 'MIGRATION_DUPLICATE', '0000_m'],
		['one time twice', withEntries(entry(0), entry(1, '0001_m', 1_000)), 'MIGRATION_DUPLICATE', '0001_m'],
		['times that run backwards', withEntries(entry(0), entry(1, '0001_m', 5)), 'MIGRATION_ORDER', '0001_m'],
	])('refuses %s', (_, broken, code, named) => {
		const error = failureOf(() => createMigrationManifest(broken))
		expect(error.code).toBe(code)
		expect(error.message).toContain(named)
		expect(error.hint).not.toBe('')
	})

	it('names the bundler rule where a file was not imported as text', () => {
		const broken = { ...bundle, migrations: { ...bundle.migrations, m0001: {} as string } }
		const error = failureOf(() => createMigrationManifest(broken))
		expect(error).toMatchObject({ code: 'MIGRATION_INVALID', hint: expect.stringContaining('wrangler.jsonc') })
	})
})

describe('checkManifest', () => {
	const manifest = createMigrationManifest(bundle)
	const edited = (change: object) => ({ ...manifest, migrations: [{ ...manifest.migrations[0], ...change }] })

	it('gives back what is right', () => {
		expect(checkManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest)
	})

	it.each([
		['no object', 'text', 'expected an object, found "text"'],
		['another format', { ...manifest, formatVersion: 2 }, 'formatVersion 1, found 2'],
		['no list of migrations', { ...manifest, migrations: {} }, 'migrations: expected a list'],
		['a migration without SQL', edited({ sql: undefined }), 'migration 0, sql: expected text, found nothing'],
		['a down script of another shape', edited({ down: 'DROP TABLE a' }), 'migration 0, down'],
		['tables of another shape', { ...manifest, tables: { a: {} } }, 'tables, "a"'],
		['field ids of another shape', { ...manifest, lastFieldIds: { a: 'b' } }, 'lastFieldIds'],
	])('refuses %s', (_, value, message) => {
		const error = failureOf(() => checkManifest(value))
		expect(error.code).toBe('MIGRATION_INVALID')
		expect(error.message).toContain(message)
	})

	it('refuses SQL that does not have its checksum, and names the migration', () => {
		const error = failureOf(() => checkManifest(edited({ sql: 'CREATE TABLE a (c);' })))
		expect(error).toBeInstanceOf(ChecksumMismatchError)
		expect(error).toMatchObject({ code: 'MIGRATION_CHECKSUM', tag: '0000_m', name: 'ChecksumMismatchError' })
	})

	it('refuses an order that is none', () => {
		const [first, second] = manifest.migrations
		expect(failureOf(() => checkManifest({ ...manifest, migrations: [second, first] })).code).toBe('MIGRATION_MISSING')
		expect(failureOf(() => checkManifest({ ...manifest, migrations: [first, second, { ...first, tag: 'x' }] })).code).toBe(
			'MIGRATION_ORDER',
		)
	})
})

describe('manifestOf', () => {
	it('takes a manifest and a bundle, and reads each once', () => {
		const manifest = createMigrationManifest(bundle)
		expect(manifestOf(manifest)).toBe(manifest)
		expect(manifestOf(bundle)).toEqual(manifest)
		expect(manifestOf(bundle)).toBe(manifestOf(bundle))
	})
})

describe('fetchMigrationManifest', () => {
	const bytes = (text: string) => new TextEncoder().encode(text)

	it('reads what was pushed', async () => {
		const store = new MemoryObjectStore()
		const manifest = createMigrationManifest(bundle)
		await store.put(MANIFEST_KEY, bytes(JSON.stringify(manifest)))
		expect(await fetchMigrationManifest(store)).toEqual(manifest)
	})

	it('says what to do where there is none, or none that parses', async () => {
		const store = new MemoryObjectStore()
		await expect(fetchMigrationManifest(store)).rejects.toMatchObject({
			code: 'MIGRATION_MISSING',
			hint: expect.stringContaining('"sqlake push"'),
		})
		await store.put('other.json', bytes('{'))
		await expect(fetchMigrationManifest(store, 'other.json')).rejects.toMatchObject({ code: 'MIGRATION_INVALID' })
	})
})
