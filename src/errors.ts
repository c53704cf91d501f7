/**
 * The one error class of sqlake, and the stable codes it carries.
 *
 * @module
 */
/**
 * Every code an {@link SQLakeError} may carry, with what it stands for. Codes are stable: a program may branch on them.
 * The text is the documentation of the code; `docs/errors.md` is generated from it.
 */
export const errorCodes = {
	// schema
	SCHEMA_INVALID: 'The argument of SQLake() is malformed.',
	SCHEMA_RESERVED_NAME: 'A table has a name that belongs to an option of SQLake(), to SQLite, to the platform or to the lake.',
	SCHEMA_SHARD_COLUMN_UNKNOWN: 'The shard key names a column that the table does not have.',
	SCHEMA_NO_SHARD_KEY: 'A table has no shard key and is not listed in `global`.',
	SCHEMA_NO_PRIMARY_KEY: 'Capture needs a primary key, and the table has none.',
	SCHEMA_COLUMN_RESERVED: 'A column collides with a column that the lake adds.',
	SCHEMA_LIMIT: 'A table is beyond a documented limit of the platform.',
	// routing
	SQL_PARSE: 'The SQL text does not parse.',
	ROUTE_UNKNOWN_TABLE: 'A statement names a table that the schema does not have.',
	ROUTE_NO_SHARD: 'A statement pins no shard.',
	ROUTE_MULTIPLE_SHARDS: 'A statement pins more than one shard.',
	ROUTE_COLUMN_ORDER: 'A statement goes by the places of columns, which are others in the shard than in the schema.',
	SPLIT_INCOMPLETE: 'An INSERT that was split over several shards failed in some of them.',
	ROUTE_SHARD_KEY_NULL: 'A shard key is NULL or empty.',
	ROUTE_SHARD_KEY_CHANGE: 'A statement would change the shard key of existing rows.',
	ROUTE_UNSUPPORTED: 'A statement of this kind cannot be routed.',
	SHARD_ID_INVALID: 'A shard id cannot be used as the name of a Durable Object or of a path.',
	NO_ROUTER: 'A query ran through the global sql tag before setQueryRouter().',
	BINDING_MISSING: 'A binding that sqlake needs is missing from env, or is of another kind.',
	// driver
	READ_ONLY: 'A write was attempted through a read-only database.',
	TRANSACTION_UNSUPPORTED: 'A transaction was opened from outside the Durable Object, or with an asynchronous callback.',
	STATEMENT_LIMIT:
		'A statement is beyond a limit of Durable Object SQLite, or too long, too deep, too far in its recursion or in its answer.',
	VALUE_UNSUPPORTED: 'A value cannot be bound or stored.',
	QUERY_FAILED: 'SQLite refused the statement.',
	SHARD_UNAVAILABLE: 'The Durable Object did not answer.',
	RPC_INVALID: 'A remote call was malformed.',
	// capture and delivery
	CAPTURE_INSTALL: 'Capture could not be installed.',
	CAPTURE_RECURSIVE_TRIGGER: 'A user trigger would fire itself without end once recursive_triggers is on.',
	BUFFER_FULL: 'The change buffer reached its limit while the store was down.',
	FLUSH_FAILED: 'A flush could not deliver its changes; they stay in the buffer.',
	HISTORY_REWOUND: 'The shard was restored to an earlier state than the lake has seen.',
	// lake
	STORE_UNAVAILABLE: 'The object store did not answer, or refused the request.',
	STORE_CONFLICT: 'A conditional write lost against another writer.',
	LAKE_CORRUPT: 'A file of the lake is missing or does not decode.',
	COMMIT_CONFLICT: 'A commit lost against others more often than it may be retried.',
	COMMIT_SEQUENCE: 'A commit does not follow the sequence that the catalog has recorded for the shard.',
	CATALOG_LIMIT: 'A catalog is beyond its documented limit.',
	SCHEMA_EVOLUTION: 'A table schema cannot be evolved as asked.',
	LAKE_SCHEMA_BEHIND: 'The lake has not heard of a migration that the code has.',
	SNAPSHOT_NOT_FOUND: 'No snapshot matches.',
	// analytics
	DIALECT_UNSUPPORTED: 'A construct of SQLite that cannot be answered equally on the lake.',
	ANALYTICS_UNAVAILABLE: 'No analytics engine is available.',
	ANALYTICS_FAILED: 'The analytics engine refused the query.',
	ANALYTICS_TIMEOUT: 'A lake query exceeded its time limit.',
	ANALYTICS_MEMORY: 'A lake query exceeded its memory limit.',
	ANALYTICS_ABORTED: 'A lake query was aborted by its caller.',
	CAUSAL_TIMEOUT: 'A causal read waited too long for its write to arrive in the lake.',
	LAKE_VALUE_MISFIT: 'A value in the lake has no form in a query: text that is not UTF-8, or NULL in a primary key.',
	TIME_INVALID: 'A moment or a range of time cannot be understood.',
	// migrations and command line
	MIGRATION_FAILED: 'A migration did not apply.',
	MIGRATION_INVALID: 'A migration or a manifest of migrations is malformed.',
	MIGRATION_CHECKSUM: 'A migration was edited after it had been applied.',
	MIGRATION_MISSING: 'A migration that the journal or the database names is not there.',
	MIGRATION_DUPLICATE: 'Two migrations have the same number, name or time.',
	MIGRATION_ORDER: 'A migration was added behind others that are applied already.',
	MIGRATION_AHEAD: 'The database has migrations that this code does not know.',
	MIGRATION_PENDING: 'A statement needs a migration that is not applied.',
	MIGRATION_IRREVERSIBLE: 'A migration cannot be undone, or not without losing data.',
	MIGRATION_AMBIGUOUS: 'A change of the schema may be a rename, or a drop and an addition.',
	ROLLOUT_INVALID: 'A roll-out cannot begin, or cannot do what was asked in its present state.',
	ROLLOUT_NOT_FOUND: 'There is no roll-out of that id.',
	SHARD_NOT_FOUND: 'The register of shards knows none of that name.',
	FLEET_UNAVAILABLE: 'There is no catalog object that knows the fleet, or it did not answer.',
	ADMIN_REFUSED: 'A request to the admin handler was refused.',
	CONFIG_INVALID: 'The configuration is malformed.',
	USAGE_INVALID: 'The command line asks for something that the command does not know.',
	REQUEST_INVALID: 'A request to a local server is malformed.',
	REQUEST_REFUSED: 'A request to a local server came from elsewhere, or without its token.',
	IN_USE: 'A port or a directory is in use by another process.',
	// running in Node
	RUNTIME_UNSUPPORTED: 'This part of sqlake needs another runtime, or a newer one.',
	DEPENDENCY_MISSING: 'A package that this part of sqlake needs is not installed.',
	INTERNAL: 'A fault in sqlake itself.',
} as const

/** A stable code of an {@link SQLakeError}. */
export type SQLakeErrorCode = keyof typeof errorCodes

/** For every code what to do about it, where the place that throws knows nothing better. */
const errorHints: Readonly<Record<SQLakeErrorCode, string>> = {
	// schema
	SCHEMA_INVALID: 'correct the argument of SQLake()',
	SCHEMA_RESERVED_NAME: 'give the table another name',
	SCHEMA_SHARD_COLUMN_UNKNOWN: 'name a column of the table, by its property',
	SCHEMA_NO_SHARD_KEY: "name the table's column under shard, or list the table under global",
	SCHEMA_NO_PRIMARY_KEY: 'give the table a primary key, or set cdc: false',
	SCHEMA_COLUMN_RESERVED: 'give the column another name',
	SCHEMA_LIMIT: 'split the table',
	// routing
	SQL_PARSE: "write one statement of SQLite's SQL; the message says where it stops to be one",
	ROUTE_UNKNOWN_TABLE: 'name a table that SQLake() was given, by its name in SQL',
	ROUTE_NO_SHARD: 'compare the shard key with one value, or ask the lake: .analytics()',
	ROUTE_MULTIPLE_SHARDS: 'send one statement for each shard',
	ROUTE_COLUMN_ORDER: 'name the columns, in place of * or after INSERT INTO: a migration adds columns at the end',
	SPLIT_INCOMPLETE: 'see details.shards for what happened in each, and insert the rows of those that failed again',
	ROUTE_SHARD_KEY_NULL: 'every row needs a value in its shard key',
	ROUTE_SHARD_KEY_CHANGE: 'insert the rows into the other shard, then delete them from this one',
	ROUTE_UNSUPPORTED: 'send a SELECT, INSERT, UPDATE or DELETE; everything else belongs into the Durable Object itself',
	SHARD_ID_INVALID: 'use a shorter and plainer shard key, such as an id',
	NO_ROUTER: 'call setQueryRouter(new WorkerRouter(env, { schema })), or bind a router: sql.with(router)',
	BINDING_MISSING: 'add the binding to wrangler.jsonc',
	// driver
	READ_ONLY: 'write through the database itself, not through an analytics or time-travel view of it',
	TRANSACTION_UNSUPPORTED: 'send statements that belong together with db.batch([...])',
	STATEMENT_LIMIT: 'split the statement or make its values smaller; large objects belong into R2',
	VALUE_UNSUPPORTED: 'pass text, a number, a bigint, a boolean, bytes or null',
	QUERY_FAILED: "correct the statement: the message is SQLite's own, and nothing was written",
	SHARD_UNAVAILABLE: 'read before writing again: the outcome may be unknown',
	RPC_INVALID: 'call the object through the driver: drizzle(sqlake(env, { schema }))',
	// capture and delivery
	CAPTURE_INSTALL: 'compare the tables of the object with the schema: a migration may be missing',
	CAPTURE_RECURSIVE_TRIGGER: 'give the trigger a WHEN that ends the recursion',
	BUFFER_FULL: 'see getCDCFlushMetrics().lastError for why nothing is delivered; writes go on once the store is back',
	FLUSH_FAILED: 'nothing is lost: the next alarm tries again',
	HISTORY_REWOUND: 'the next flush begins a new epoch of the shard',
	// lake
	STORE_UNAVAILABLE: 'try again: nothing is lost',
	STORE_CONFLICT: 'read the object again, then write',
	LAKE_CORRUPT: 'restore the file from a backup of the bucket; other tables and other moments stay readable',
	COMMIT_CONFLICT: 'try again, or bind the class SQLakeCatalog as SQLAKE_CATALOG: it commits many shards at once',
	COMMIT_SEQUENCE: "ask the catalog for the shard's position and go on from there",
	CATALOG_LIMIT: 'bind the class SQLakeCatalog as SQLAKE_CATALOG: it has no such limit',
	SCHEMA_EVOLUTION: 'add a column of the new type beside the old one',
	LAKE_SCHEMA_BEHIND: 'run sqlake push, or give the manifest: sqlake(env, { schema, migrations })',
	SNAPSHOT_NOT_FOUND: 'take a snapshot id from explain(), or a moment: .asOf()',
	// analytics
	DIALECT_UNSUPPORTED: "write it another way, or see the message for what DuckDB's dialect has instead",
	ANALYTICS_UNAVAILABLE: 'install @duckdb/node-api, or give sqlake() an analytics service',
	ANALYTICS_FAILED: 'correct the query: the message is that of the analytics engine',
	ANALYTICS_TIMEOUT: 'ask for less, or allow more: .all({ timeoutMs })',
	ANALYTICS_MEMORY: 'ask for fewer columns, rows or groups',
	ANALYTICS_ABORTED: 'nothing was changed: ask again',
	CAUSAL_TIMEOUT: 'wait longer: causal(bookmark, { timeoutMs }), or see whether the shard delivers: getCDCFlushMetrics()',
	LAKE_VALUE_MISFIT: 'ask the shard for the row; to ask the lake, correct it, or leave the column out',
	TIME_INVALID: "pass a Date, milliseconds, or ISO 8601 text with its offset: '2026-11-01T12:00:00Z'",
	// migrations and command line
	MIGRATION_FAILED: "correct the migration: the message is SQLite's own, and it was rolled back",
	MIGRATION_INVALID: 'write the manifest again: sqlake generate',
	MIGRATION_CHECKSUM: 'restore the file as it was, and put the change in a migration of its own',
	MIGRATION_MISSING: 'restore the file, or deploy a build that has it',
	MIGRATION_DUPLICATE: 'drop one of the two and generate it again',
	MIGRATION_ORDER: 'drop it and generate it again, so that it comes last',
	MIGRATION_AHEAD: 'deploy a build that has them, or roll the object back first',
	MIGRATION_PENDING: 'see getMigrationStatus() for why it is not applied',
	MIGRATION_IRREVERSIBLE: 'write a down script beside the migration, or accept the loss: --accept-data-loss',
	MIGRATION_AMBIGUOUS: 'say which it is: a `renames` entry in the configuration, or --rename old=new',
	ROLLOUT_INVALID: 'see the state of the roll-out: sqlake migrate --fleet <url> --status',
	ROLLOUT_NOT_FOUND: 'list the roll-outs: sqlake migrate --fleet <url> --status',
	SHARD_NOT_FOUND: 'a shard registers itself with its first request: correct the name, or send the shard one',
	FLEET_UNAVAILABLE: 'bind the class SQLakeCatalog as SQLAKE_CATALOG: it keeps the register of shards',
	ADMIN_REFUSED: 'send the token: Authorization: Bearer <token>',
	CONFIG_INVALID: 'correct the option that the message names',
	USAGE_INVALID: 'see the help of the command: sqlake <command> --help',
	REQUEST_INVALID: 'correct the field that the message names',
	REQUEST_REFUSED: 'ask http://localhost:<port> from a program, or from the page that the server itself shows',
	IN_USE: 'end the other process, or take another port or directory',
	// running in Node
	RUNTIME_UNSUPPORTED: 'run it with Node 24',
	DEPENDENCY_MISSING: 'install the package that the message names',
	INTERNAL: 'please report it, with the message and what led to it',
}

/** What an {@link SQLakeError} is made of, besides its message. */
export interface SQLakeErrorOptions {
	/** What the reader should do next; the general advice for the code where absent. */
	readonly hint?: string | undefined
	/** The error that led to this one. */
	readonly cause?: unknown
	/** Values that a program may want: names, limits, positions. Plain data only, so that it survives RPC. */
	readonly details?: Readonly<Record<string, unknown>> | undefined
}

/** The plain form of an {@link SQLakeError}, as it crosses RPC. */
export interface SerializedError {
	readonly name: string
	readonly code: SQLakeErrorCode
	readonly message: string
	readonly hint?: string
	readonly details?: Readonly<Record<string, unknown>>
	readonly cause?: SerializedError | SerializedCause
}

/** The plain form of a cause that is not an {@link SQLakeError}. */
export interface SerializedCause {
	readonly name: string
	readonly message: string
}

/**
 * The base of every error that sqlake throws. The message names the thing, what was expected and what was found.
 *
 * @example
 * ```ts
 * import { SQLakeError } from 'sqlake'
 *
 * try {
 *   throw new SQLakeError('ROUTE_NO_SHARD', 'table "orders": the statement pins no shard', { hint: 'use .analytics()' })
 * } catch (error) {
 *   if (SQLakeError.is(error, 'ROUTE_NO_SHARD')) console.log(error.hint)
 * }
 * ```
 */
export class SQLakeError extends Error {
	readonly code: SQLakeErrorCode
	readonly hint: string
	readonly details: Readonly<Record<string, unknown>> | undefined

	constructor(code: SQLakeErrorCode, message: string, options: SQLakeErrorOptions = {}) {
		super(shortened(message), options.cause === undefined ? undefined : { cause: options.cause })
		this.name = 'SQLakeError'
		this.code = code
		this.hint = shortened(options.hint ?? errorHints[code])
		this.details = options.details === undefined ? undefined : shortenedTexts(options.details)
	}

	/** Tells whether a value is an SQLakeError, and of the given code where one is named. Works across duplicate packages. */
	static is(value: unknown, code?: SQLakeErrorCode): value is SQLakeError {
		return (
			value instanceof Error &&
			'code' in value &&
			typeof value.code === 'string' &&
			Object.hasOwn(errorCodes, value.code) &&
			(code === undefined || value.code === code)
		)
	}

	/** The plain form, for crossing RPC and for logs. Stacks stay behind. */
	toJSON(): SerializedError {
		return {
			name: this.name,
			code: this.code,
			message: this.message,
			hint: this.hint,
			...(this.details === undefined ? {} : { details: this.details }),
			...(this.cause === undefined ? {} : { cause: serializeCause(this.cause) }),
		}
	}

	/** Rebuilds an error from its plain form. */
	static fromJSON(plain: SerializedError): SQLakeError {
		const error = new SQLakeError(plain.code, plain.message, {
			hint: plain.hint,
			details: plain.details,
			cause: plain.cause === undefined ? undefined : reviveCause(plain.cause),
		})
		error.name = plain.name
		return error
	}

	/** Returns `value` itself if it is an SQLakeError, else wraps it under `code` with its own message kept as the cause. */
	static wrap(
		value: unknown,
		code: SQLakeErrorCode,
		message: string,
		options: Omit<SQLakeErrorOptions, 'cause'> = {},
	): SQLakeError {
		if (SQLakeError.is(value)) return value
		return new SQLakeError(code, `${message}: ${messageOf(value)}`, { ...options, cause: value })
	}
}

/** An answer over RPC that keeps an error's code, hint and cause, whatever the compatibility date. */
export type Envelope<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: SerializedError }

/**
 * Runs `call` and packs what it returned or threw. Anything but an SQLakeError becomes `INTERNAL`, with its cause.
 *
 * @param what - names the call, in the message of such an error
 */
export async function packAnswer<T>(what: string, call: () => T | Promise<T>): Promise<Envelope<T>> {
	try {
		return { ok: true, value: await call() }
	} catch (error) {
		return { ok: false, error: SQLakeError.wrap(error, 'INTERNAL', what).toJSON() }
	}
}

/** What {@link packAnswer} packed. @throws the error that the other side threw */
export function unpackAnswer<T>(envelope: Envelope<T>): T {
	if (envelope.ok) return envelope.value
	throw SQLakeError.fromJSON(envelope.error)
}

/** Longest text of an error, in UTF-16 units: a message names statements, values and names of whoever asked, however long those are. */
const MAX_TEXT = 1_000

/** A text in which no more than its beginning and its end are left where it is long. */
function shortened(text: string): string {
	if (text.length <= MAX_TEXT) return text
	return `${text.slice(0, MAX_TEXT - 201)}…${text.slice(-200)}`.toWellFormed()
}

function shortenedTexts(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
	if (Object.values(details).every((value) => typeof value !== 'string' || value.length <= MAX_TEXT)) return details
	return Object.fromEntries(
		Object.entries(details).map(([name, value]) => [name, typeof value === 'string' ? shortened(value) : value]),
	)
}

/** The beginning of a text in quotes, for a message that names it. */
export function excerpt(text: string, most = 60): string {
	return JSON.stringify(text.length > most ? `${text.slice(0, most)}…` : text)
}

/** The message of anything that was thrown. */
export function messageOf(value: unknown): string {
	return value instanceof Error ? value.message : String(value)
}

function serializeCause(cause: unknown): SerializedError | SerializedCause {
	if (cause instanceof SQLakeError) return cause.toJSON()
	return { name: cause instanceof Error ? cause.name : 'Error', message: shortened(messageOf(cause)) }
}

function reviveCause(cause: SerializedError | SerializedCause): Error {
	if ('code' in cause) return SQLakeError.fromJSON(cause)
	const error = new Error(cause.message)
	error.name = cause.name
	return error
}
