/**
 * What a push did, or would do, in words.
 *
 * @module
 */
import { MANIFEST_KEY } from '../../migrator/fetch-migration-manifest.ts'
import type { Colors } from '../command-context.ts'
import type { LakePlan, LeftAlone, PushedChange, PushedTable } from './push-lake.ts'
import type { ManifestPlan } from './push-manifest.ts'

const reasons: Readonly<Record<LeftAlone, string>> = {
	'catalog-object':
		'left alone: its catalog is a Durable Object, which nobody else may write. It learns of the new tables and columns from the first change that a migrated shard delivers; nothing is left to do.',
	'not-begun':
		'left alone: nothing was delivered to this bucket yet, and a catalog object may be what will keep it. The first change that a shard delivers begins it; nothing is left to do.',
	'no-capture': 'left alone: the schema has cdc: false, so no change gets into a lake.',
}

/** Whether a push finds everything as it should be. */
export function isNothingToDo(manifest: ManifestPlan, lake: LakePlan): boolean {
	return manifest.status === 'unchanged' && lake.tables.every(({ status }) => status === 'unchanged' || status === 'newer')
}

/** Lines for a person. */
export function describePush(
	{ status, fromVersion, toVersion }: ManifestPlan,
	{ left, tables }: LakePlan,
	colors: Colors,
): readonly string[] {
	const versions =
		fromVersion === null || status === 'unchanged' ? `version ${toVersion}` : `version ${fromVersion} → ${toVersion}`
	const lines = [`${MANIFEST_KEY}: ${status}, ${versions}`]
	if (left !== null) return [...lines, `lake: ${reasons[left]}`]
	for (const table of tables) lines.push(...describeTable(table, colors))
	return lines
}

function describeTable({ table, status, fromVersion, toVersion, changes }: PushedTable, colors: Colors): readonly string[] {
	if (status === 'unchanged') return [colors.dim(`${table}: unchanged`)]
	if (status === 'newer') return [`${table}: left at version ${fromVersion}, which is later than this project's`]
	const title = status === 'created' ? colors.green('created') : `version ${fromVersion} → ${toVersion}`
	return [`${table}: ${title}`, ...changes.map((change) => `  ${describeChange(change, colors)}`)]
}

function describeChange(change: PushedChange, { green, red, yellow }: Colors): string {
	const field = `(field ${change.fieldId})`
	switch (change.op) {
		case 'addColumn':
			return green(`+ ${change.name} ${change.type} ${field}`)
		case 'dropColumn':
			return red(`- ${change.name} ${field}; its history stays`)
		case 'renameColumn':
			return yellow(`~ ${change.name} → ${change.to} ${field}`)
		case 'promoteColumn':
			return yellow(`~ ${change.name} ${field}: now ${change.type}`)
		case 'makeOptional':
			return yellow(`~ ${change.name} ${field}: may be NULL`)
		case 'moveColumn':
			return yellow(`~ ${change.name} ${field}: ${change.after === null ? 'first' : `after ${change.after}`}`)
	}
}
