/**
 * JSON as SQLite holds it: every value keeps the text it was written with, in the kinds of SQLite's JSONB
 * (https://www.sqlite.org/jsonb.html section 3).
 *
 * @module
 */

/** The kinds of JSONB, by their numbers there. */
export const JsonKind = {
	NULL: 0,
	TRUE: 1,
	FALSE: 2,
	INT: 3,
	/** Hexadecimal. */
	INT5: 4,
	FLOAT: 5,
	/** Without digits on one side of its point. */
	FLOAT5: 6,
	/** A string without escapes. */
	TEXT: 7,
	/** A string with the escapes of JSON. */
	TEXTJ: 8,
	/** A string with what only JSON5 allows. */
	TEXT5: 9,
	/** A string that was never JSON: anything may stand in it. */
	TEXTRAW: 10,
	ARRAY: 11,
	OBJECT: 12,
} as const

/** One of {@link JsonKind}. */
export type JsonKind = (typeof JsonKind)[keyof typeof JsonKind]

/** One value, or one label of an object. */
export interface JsonNode {
	readonly kind: JsonKind
	/** Of a number, or of a string without its quotes, as it was written. */
	readonly text: string
	/** Of an array its values; of an object its labels and values in turns. */
	readonly nodes: readonly JsonNode[]
}

const NO_NODES: readonly JsonNode[] = []

/** A value that has no parts. */
export function leaf(kind: JsonKind, text = ''): JsonNode {
	return { kind, text, nodes: NO_NODES }
}

/** An array or object. */
export function branch(kind: typeof JsonKind.ARRAY | typeof JsonKind.OBJECT, nodes: readonly JsonNode[]): JsonNode {
	return { kind, text: '', nodes }
}

/** Whether a value is an array or object. */
export function isBranch({ kind }: JsonNode): boolean {
	return kind >= JsonKind.ARRAY
}

/** What `json_type()` calls it. */
export function typeName({ kind }: JsonNode): string {
	return TYPE_NAMES[kind] ?? 'null'
}

const TYPE_NAMES: readonly string[] = [
	'null',
	'true',
	'false',
	'integer',
	'integer',
	'real',
	'real',
	'text',
	'text',
	'text',
	'text',
	'array',
	'object',
]
