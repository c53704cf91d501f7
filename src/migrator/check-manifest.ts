/**
 * What comes from outside as a manifest: a JSON import, a file, an object of the bucket.
 *
 * @module
 */
import { isRecord } from '../schema/is-record.ts'
import { computeChecksum } from './compute-checksum.ts'
import { checkOrder } from './create-migration-manifest.ts'
import type { MigrationManifest } from './manifest.ts'
import { ChecksumMismatchError, MigrationError } from './migration-error.ts'

/**
 * Checks a manifest from top to bottom.
 *
 * @param manifest - plain data, such as parsed JSON
 * @param name - what to call it in messages
 * @returns the same value
 * @throws MigrationError MIGRATION_INVALID where a field is missing or of another kind, MIGRATION_MISSING for a gap,
 * MIGRATION_DUPLICATE, MIGRATION_ORDER; ChecksumMismatchError where SQL does not have the checksum that stands beside it.
 */
export function checkManifest(manifest: unknown, name = 'manifest'): MigrationManifest {
	if (!isRecord(manifest)) throw invalid(name, 'an object', manifest)
	if (manifest.formatVersion !== 1) {
		throw new MigrationError(
			'MIGRATION_INVALID',
			`${name}: expected formatVersion 1, found ${JSON.stringify(manifest.formatVersion)}`,
			{ hint: 'it is no manifest of this version of sqlake: restore the one that sqlake generate wrote' },
		)
	}
	if (!isCount(manifest.version)) throw invalid(`${name}, version`, 'a number from 0', manifest.version)
	if (!Array.isArray(manifest.migrations)) throw invalid(`${name}, migrations`, 'a list', manifest.migrations)
	for (const [index, migration] of manifest.migrations.entries()) checkMigration(migration, `${name}, migration ${index}`)
	checkTables(manifest.tables, `${name}, tables`)
	const { lastFieldIds } = manifest
	if (!isRecord(lastFieldIds) || !Object.values(lastFieldIds).every(isCount)) {
		throw invalid(`${name}, lastFieldIds`, 'a number for each table', lastFieldIds)
	}
	// Every field that the type names was looked at above.
	const checked = manifest as unknown as MigrationManifest
	checkOrder(checked.migrations)
	for (const { tag, sql, checksum, down } of checked.migrations) {
		checkChecksum(tag, sql, checksum)
		if (down !== null) checkChecksum(`${tag}.down`, down.sql, down.checksum)
	}
	return checked
}

function checkMigration(migration: unknown, name: string): void {
	if (!isRecord(migration)) throw invalid(name, 'an object', migration)
	for (const field of ['tag', 'sql', 'hash', 'checksum'] as const) {
		if (typeof migration[field] !== 'string') throw invalid(`${name}, ${field}`, 'text', migration[field])
	}
	for (const field of ['idx', 'when'] as const) {
		if (!isCount(migration[field])) throw invalid(`${name}, ${field}`, 'a number from 0', migration[field])
	}
	if (migration.down !== null) checkDown(migration.down, `${name}, down`)
	if (migration.tables !== undefined) checkTables(migration.tables, `${name}, tables`, true)
}

function checkDown(down: unknown, name: string): void {
	if (!isRecord(down) || typeof down.sql !== 'string' || typeof down.checksum !== 'string' || !isTexts(down.losses)) {
		throw invalid(name, 'null, or { sql, checksum, losses }', down)
	}
}

function checkTables(tables: unknown, name: string, nullable = false): void {
	if (!isRecord(tables)) throw invalid(name, 'tables by name', tables)
	for (const [table, schema] of Object.entries(tables)) {
		if (schema === null && nullable) continue
		if (!isRecord(schema) || schema.name !== table) throw invalid(`${name}, "${table}"`, 'a table of that name', schema)
		const { columns, primaryKey, shardKey } = schema
		if (!Array.isArray(columns) || !columns.every(isColumn)) throw invalid(`${name}, "${table}", columns`, 'columns', columns)
		if (!isTexts(primaryKey) || !(shardKey === null || isTexts(shardKey))) {
			throw invalid(`${name}, "${table}"`, 'lists of names as primaryKey and shardKey', { primaryKey, shardKey })
		}
	}
}

function isColumn(column: unknown): boolean {
	if (!isRecord(column) || !isCount(column.fieldId)) return false
	const texts = [column.name, column.property, column.declaredType, column.affinity, column.mode, column.lakeType]
	return isTexts(texts) && typeof column.notNull === 'boolean' && typeof column.generated === 'boolean'
}

function checkChecksum(tag: string, sql: string, expected: string): void {
	const found = computeChecksum(sql)
	if (found !== expected) throw new ChecksumMismatchError({ tag, expected, found })
}

function isCount(value: unknown): value is number {
	return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isTexts(value: unknown): value is readonly string[] {
	return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function invalid(name: string, expected: string, found: unknown): MigrationError {
	const text = found === undefined ? 'nothing' : JSON.stringify(found)
	return new MigrationError(
		'MIGRATION_INVALID',
		`${name}: expected ${expected}, found ${text.length > 80 ? `${text.slice(0, 77)}...` : text}`,
	)
}
