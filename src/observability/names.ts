/**
 * The names that sqlake reports under, in OpenTelemetry's style: dotted, lower case, from the general to the special. Units
 * stand in each description; all times are milliseconds.
 *
 * @module
 */

/** What kind of instrument a metric is. */
export type MetricKind = 'counter' | 'gauge' | 'histogram'

/** What a metric measures. */
export interface MetricDescription {
	readonly kind: MetricKind
	/** Unit as UCUM writes it: `ms`, `By`, or a noun in braces. */
	readonly unit: string
	readonly description: string
}

/** Every metric of sqlake. */
export const metricDescriptions = {
	'sqlake.query.duration': { kind: 'histogram', unit: 'ms', description: 'Time of a statement as the driver sees it' },
	'sqlake.query.errors': { kind: 'counter', unit: '{error}', description: 'Statements that failed' },
	'sqlake.query.rows_read': { kind: 'histogram', unit: '{row}', description: 'Rows that a statement read' },
	'sqlake.query.bytes_read': { kind: 'histogram', unit: 'By', description: 'Bytes that a lake query read from the store' },
	'sqlake.query.files_kept': { kind: 'histogram', unit: '{file}', description: 'Data files that a lake query had to read' },
	'sqlake.query.files_pruned': { kind: 'histogram', unit: '{file}', description: 'Data files that a lake query could leave out' },
	'sqlake.write.duration': {
		kind: 'histogram',
		unit: 'ms',
		description: 'Time within its Durable Object of a write that a caller sent to it',
	},
	'sqlake.write.rows': { kind: 'counter', unit: '{row}', description: 'Rows that such writes changed' },
	'sqlake.capture.buffered': {
		kind: 'histogram',
		unit: '{change}',
		description: 'Changes that a flush found waiting in the buffer of its shard',
	},
	'sqlake.capture.dead_letters': { kind: 'counter', unit: '{change}', description: 'Changes set aside in the dead-letter table' },
	'sqlake.clock.jumps': {
		kind: 'counter',
		unit: '{jump}',
		description: 'Times that the clock of a shard was found to have gone back, by more than a second',
	},
	'sqlake.flush.duration': {
		kind: 'histogram',
		unit: 'ms',
		description: 'Time of a flush, from the buffer to the acknowledgement',
	},
	'sqlake.flush.changes': { kind: 'counter', unit: '{change}', description: 'Changes delivered to the lake' },
	'sqlake.flush.bytes': { kind: 'counter', unit: 'By', description: 'Bytes of data files written' },
	'sqlake.flush.files': { kind: 'counter', unit: '{file}', description: 'Data files written' },
	'sqlake.flush.errors': {
		kind: 'counter',
		unit: '{error}',
		description: 'Flushes that failed; their changes stay in the buffer',
	},
	'sqlake.commit.duration': { kind: 'histogram', unit: 'ms', description: 'Time of a commit to the catalog' },
	'sqlake.commit.retries': { kind: 'counter', unit: '{retry}', description: 'Attempts lost against another committer' },
	'sqlake.commit.errors': { kind: 'counter', unit: '{error}', description: 'Commits that failed' },
	'sqlake.lag': {
		kind: 'histogram',
		unit: 'ms',
		description:
			"Age of a shard's oldest change when it was found to be in the lake, and of the oldest that waits when a flush failed",
	},
	'sqlake.migration.duration': { kind: 'histogram', unit: 'ms', description: 'Time of one migration' },
	'sqlake.migration.errors': { kind: 'counter', unit: '{error}', description: 'Migrations that failed' },
} as const satisfies Record<string, MetricDescription>

/** The name of a metric of sqlake. */
export type MetricName = keyof typeof metricDescriptions

/** Every span of sqlake, with what it encloses. */
export const spanDescriptions = {
	'sqlake.query': 'A statement, from the driver to its rows',
	'sqlake.write': 'A write within its Durable Object',
	'sqlake.flush': 'One flush of a shard: read the buffer, write files, commit, acknowledge',
	'sqlake.flush.read': 'Reading changes from the buffer',
	'sqlake.flush.encode': 'Writing one data file',
	'sqlake.flush.upload': 'Uploading one data file',
	'sqlake.commit': 'One commit to the catalog',
	'sqlake.lake.plan': 'Planning the scan of a lake query',
	'sqlake.lake.execute': 'Running a lake query in the engine',
	'sqlake.migration': 'One migration',
} as const satisfies Record<string, string>

/** The name of a span of sqlake. */
export type SpanName = keyof typeof spanDescriptions

/** The attributes of metrics and spans, with what they hold. None ever holds a row's value or a bound parameter. */
export const attributeDescriptions = {
	'sqlake.route': "Where a statement ran: 'shard' or 'lake'",
	'sqlake.shard': 'Name of the shard. On spans and logs only: as an attribute of a metric it would have no bound',
	'sqlake.table': 'SQL name of the table',
	'sqlake.streamed': 'Whether the rows of a query were made as they were asked for',
	'sqlake.files_kept': 'Data files that a lake query had to read',
	'sqlake.files_pruned': 'Data files that a lake query could leave out',
	'sqlake.epoch': 'Epoch of the shard',
	'sqlake.from_seq': 'First position of a batch',
	'sqlake.to_seq': 'Last position of a batch',
	'sqlake.migration': 'Tag of a migration',
	'error.type': 'Code of the SQLakeError, else the name of the error',
} as const satisfies Record<string, string>

/** The name of an attribute of sqlake. */
export type AttributeName = keyof typeof attributeDescriptions
