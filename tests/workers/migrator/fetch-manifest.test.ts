import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { createMigrationManifest, fetchMigrationManifest } from '../../../src/do.ts'

it('a manifest is fetched from an R2 bucket', async () => {
	const manifest = createMigrationManifest({
		journal: { entries: [{ idx: 0, tag: '0000_init', when: 1, breakpoints: true }] },
		files: { '0000_init': 'CREATE TABLE a (b)' },
	})
	await env.SQLAKE_BUCKET.put('metadata/migrations.json', JSON.stringify(manifest))
	expect(await fetchMigrationManifest(env.SQLAKE_BUCKET)).toEqual(manifest)
	await expect(fetchMigrationManifest(env.SQLAKE_BUCKET, 'metadata/other.json')).rejects.toMatchObject({
		code: 'MIGRATION_MISSING',
	})
})
