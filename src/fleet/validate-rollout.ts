/**
 * Checks what is asked of a fleet from outside: types and ranges, before anything is planned.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import type { MigrateRequest, MigrationState } from '../migrator/migration-status.ts'
import type { ResumeOptions, RollbackOptions, RolloutOptions, ShardFilter, ShardReport } from './fleet.ts'

/** The longest tag, message or name that is taken, in UTF-16 units; a shard's name has at most 2,000. */
const MAX_TEXT = 2_000

/** Shards that may migrate at the same time: each is a call that the catalog object holds open. */
const MAX_CONCURRENCY = 100

/** Milliseconds: an alarm may take 15 minutes (https://developers.cloudflare.com/durable-objects/api/alarms/). */
const MAX_TIMEOUT = 300_000

const STATES: readonly MigrationState[] = ['current', 'pending', 'failed', 'held', 'ahead', 'invalid']

type Check = (value: unknown) => string | null
type Fields<T> = { readonly [K in keyof T]-?: Check }

const migrateFields: Fields<MigrateRequest> = {
	target: nullable(text(1)),
	direction: oneOf('up', 'down'),
	acceptDataLoss: boolean,
}

const resumeFields: Fields<ResumeOptions> = {
	acceptDataLoss: migrateFields.acceptDataLoss,
	waveSize: integer(1, 1_000_000),
	concurrency: integer(1, MAX_CONCURRENCY),
	failureThreshold: number((value) => value >= 0 && value <= 1, 'from 0 to 1'),
	timeoutMs: integer(100, MAX_TIMEOUT),
}

const rollbackFields: Fields<RollbackOptions> = {
	...resumeFields,
	target: migrateFields.target,
	canary: number((value) => value > 0 && value <= 1, 'more than 0 and at most 1'),
}

const filterFields: Fields<ShardFilter> = {
	state: oneOf(...STATES),
	version: nullable(text(1)),
	cursor: text(1, 2 * MAX_TEXT),
	limit: integer(1, 1_000),
}

/** @throws SQLakeError ROLLOUT_INVALID naming the option */
export function validateRolloutOptions(value: unknown): RolloutOptions {
	const options = checked<RolloutOptions>('roll-out', value, { ...rollbackFields, direction: migrateFields.direction })
	if (options.direction === 'down' && options.target === undefined) {
		throw invalid('roll-out.target', 'the tag to go back to, or null for none', undefined, 'target')
	}
	if (options.direction !== 'down' && options.target === null) throw invalid('roll-out.target', 'a tag', null, 'target')
	return options
}

/** @throws SQLakeError ROLLOUT_INVALID naming the option */
export function validateRollbackOptions(value: unknown): RollbackOptions {
	return checked<RollbackOptions>('roll-back', value, rollbackFields)
}

/** @throws SQLakeError ROLLOUT_INVALID naming the option */
export function validateResumeOptions(value: unknown): ResumeOptions {
	return checked<ResumeOptions>('resume', value, resumeFields)
}

/** @throws SQLakeError ROLLOUT_INVALID naming the option */
export function validateMigrateRequest(value: unknown): MigrateRequest {
	return checked<MigrateRequest>('migrate', value, migrateFields)
}

/** @throws SQLakeError ROLLOUT_INVALID naming the option */
export function validateShardFilter(value: unknown): ShardFilter {
	return checked<ShardFilter>('shards', value, filterFields)
}

/** @throws SQLakeError RPC_INVALID: whoever reports is a shard */
export function validateReport(value: unknown): ShardReport {
	const report = value as Partial<ShardReport> | null
	const { shard, binding, version, state, lastError } = report ?? {}
	const isShort = text(1)
	const wrong = {
		shard: isShort(shard) ?? (shard?.isWellFormed() ? null : 'well-formed Unicode'),
		binding: nullable(isShort)(binding),
		version: nullable(isShort)(version),
		state: oneOf(...STATES)(state),
		lastError: lastError === null || typeof lastError?.message === 'string' ? null : 'an error or null',
	}
	for (const [field, expected] of Object.entries(wrong)) {
		if (expected !== null) throw new SQLakeError('RPC_INVALID', `report.${field}: expected ${expected}`)
	}
	return report as ShardReport
}

/** Every field that is there is known and right. An absent one may also be undefined. */
function checked<T extends object>(what: string, value: unknown, fields: Fields<T>): T {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(what, 'an object', value, what)
	const known: Readonly<Record<string, Check>> = fields
	const options: Record<string, unknown> = {}
	for (const [name, found] of Object.entries(value)) {
		if (found === undefined) continue
		const check = Object.hasOwn(known, name) ? known[name] : undefined
		if (check === undefined) {
			throw new SQLakeError(
				'ROLLOUT_INVALID',
				`${what}: expected options among ${Object.keys(known).join(', ')}, found ${shown(name)}`,
				{
					hint: 'correct the name of the option',
					details: { option: name.slice(0, 40) },
				},
			)
		}
		const expected = check(found)
		if (expected !== null) throw invalid(`${what}.${name}`, expected, found, name)
		options[name] = found
	}
	return options as T
}

function text(min: number, max = MAX_TEXT): Check {
	return (value) => (typeof value === 'string' && value.length >= min && value.length <= max ? null : `text of ${min} to ${max}`)
}

function nullable(check: Check): Check {
	return (value) => {
		const expected = value === null ? null : check(value)
		return expected === null ? null : `${expected}, or null`
	}
}

function oneOf(...values: readonly string[]): Check {
	return (value) => (typeof value === 'string' && values.includes(value) ? null : `one of ${values.join(', ')}`)
}

function boolean(value: unknown): string | null {
	return typeof value === 'boolean' ? null : 'true or false'
}

function number(isRight: (value: number) => boolean, expected: string): Check {
	return (value) => (typeof value === 'number' && isRight(value) ? null : `a number, ${expected}`)
}

function integer(min: number, max: number): Check {
	return (value) =>
		Number.isInteger(value) && Number(value) >= min && Number(value) <= max ? null : `a whole number from ${min} to ${max}`
}

function invalid(path: string, expected: string, found: unknown, option: string): SQLakeError {
	return new SQLakeError('ROLLOUT_INVALID', `${path}: expected ${expected}, found ${shown(found)}`, {
		hint: 'correct the option that the message names',
		details: { option },
	})
}

/** A value as it may stand in a message: short, and without what an object holds. */
function shown(value: unknown): string {
	if (value === undefined) return 'nothing'
	if (Array.isArray(value)) return 'an array'
	if (typeof value === 'object' && value !== null) return 'an object'
	const written = JSON.stringify(value)
	return written.length > 60 ? `${written.slice(0, 60)}…` : written
}
