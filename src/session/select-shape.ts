/**
 * Renders the selects that an application repeats without building them anew.
 *
 * A select of the same shape, with other values, has the same text and the same facts. The shape is a string of everything that
 * the text depends on; what it leaves out are the bound values, which are collected in the order in which they are printed.
 * Drizzle renders a shape once; whatever is not surely of a known shape it renders each time.
 *
 * @module
 */
import { Column, getTableColumns, Param, Placeholder, type Query, SQL, StringChunk, Table } from 'drizzle-orm'
import {
	type SelectedFields,
	type SelectedFieldsOrdered,
	SQLiteColumn,
	type SQLiteSelectConfig,
	type SQLiteTable,
} from 'drizzle-orm/sqlite-core'
import { LruCache } from '../router/lru.ts'
import type { ConditionFacts } from './builder-facts.ts'
import { isInlined, isValue } from './condition-shape.ts'
import { isEntity } from './entity.ts'

/** A select as it was rendered, without its values. */
interface RenderedShape {
	readonly sql: string
	readonly facts: ConditionFacts | null
	/** Where the operands of the facts stand among the bound values. */
	readonly positions: readonly number[]
	readonly fields: SelectedFieldsOrdered
}

/** A rendered select. */
export interface RenderedSelect {
	readonly query: Query
	readonly facts: ConditionFacts | null
}

/** A select of a known shape. */
export interface ShapedSelect extends RenderedSelect {
	/** What it selects, in the order of the text: the same array for each select of the shape. */
	readonly fields: SelectedFieldsOrdered
}

/** Shapes that are kept for each schema. */
const CACHE_LIMIT = 500

let lastId = 0
const ids = new WeakMap<object, number>()

/** A number for an object that stands in a shape: two tables may have columns of the same name. */
function idOf(object: object): number {
	let id = ids.get(object)
	if (id === undefined) {
		id = ++lastId
		ids.set(object, id)
	}
	return id
}

const fullSelections = new WeakMap<SQLiteTable, SelectedFields>()
const isFullSelection = new WeakSet<object>()

/** All columns of a table: the same object each time, so that a shape names it and does not go through its columns. */
export function fullSelection(table: SQLiteTable): SelectedFields {
	let fields = fullSelections.get(table)
	if (fields === undefined) {
		fields = getTableColumns(table)
		fullSelections.set(table, fields)
		isFullSelection.add(fields)
	}
	return fields
}

/** The shape of a select, and its bound values in the order of the text. */
interface Shape {
	readonly key: string
	readonly values: readonly unknown[]
}

/** The selects of one schema, by shape. */
export class SelectShapes {
	readonly #rendered = new LruCache<string, RenderedShape | null>(CACHE_LIMIT)

	/**
	 * The query of a select and what its builder knows of it.
	 *
	 * @param render - renders a select of a shape that is not known yet
	 * @returns null where the select is of no shape that can be kept
	 */
	query(config: SQLiteSelectConfig, render: () => RenderedSelect): ShapedSelect | null {
		const shape = shapeOf(config)
		if (shape === null) return null
		const { values } = shape
		const rendered = this.#rendered.get(shape.key, () => keep(render(), values, config.fields))
		if (rendered === null) return null
		const { sql, facts, positions, fields } = rendered
		return {
			query: { sql, params: values.map(bound) },
			facts: facts && { ...facts, operands: positions.map((at) => values[at]) },
			fields,
		}
	}
}

/** What is kept of a shape: operands are known by the place of their object among the values. */
function keep(
	{ query, facts }: RenderedSelect,
	values: readonly unknown[],
	fields: Readonly<Record<string, unknown>>,
): RenderedShape | null {
	const objects = values.filter((value) => typeof value === 'object' && value !== null)
	// One object in two places would stand for the first of them for ever.
	if (query.params.length !== values.length || new Set(objects).size < objects.length) return null
	const positions = facts?.operands.map((operand) => (typeof operand === 'object' ? values.indexOf(operand) : -1)) ?? []
	return { sql: query.sql, facts: positions.includes(-1) ? null : facts, positions, fields: orderedFields(fields) }
}

/** The columns of a selection in the order of the text, each with its path. */
function orderedFields(fields: Readonly<Record<string, unknown>>, path: readonly string[] = []): SelectedFieldsOrdered {
	return Object.entries(fields).flatMap(([name, field]): SelectedFieldsOrdered => {
		const here = [...path, name]
		return isEntity(field, SQLiteColumn) ? [{ path: here, field }] : orderedFields({ ...Object(field) }, here)
	})
}

/** A value as Drizzle hands it on: a placeholder keeps its encoder until it is filled. */
function bound(value: unknown): unknown {
	if (!isEntity(value, Param) || isEntity(value.value, Placeholder)) return value
	return value.value === null ? null : value.encoder.mapToDriverValue(value.value)
}

function shapeOf(config: SQLiteSelectConfig): Shape | null {
	const { withList, table, joins = [], where, having, setOperators, fields, fieldsFlat, orderBy = [], groupBy = [] } = config
	if (withList?.length || setOperators.length > 0 || having !== undefined || fieldsFlat !== undefined) return null
	if (!isEntity(table, Table)) return null
	const writer = new ShapeWriter()
	writer.text(config.distinct === true ? 'distinct' : 'all')
	const known =
		writer.fields(fields) &&
		writer.object(table) &&
		joins.every(({ joinType, table: joined, on }) => {
			writer.text(joinType)
			return isEntity(joined, Table) && writer.object(joined) && (on === undefined || writer.chunk(on))
		}) &&
		writer.list('where', where === undefined ? [] : [where]) &&
		writer.list('group', groupBy) &&
		writer.list('order', orderBy) &&
		// Drizzle leaves a negative limit and an offset of 0 out.
		writer.list('limit', typeof config.limit === 'number' && config.limit < 0 ? [] : [config.limit ?? []].flat()) &&
		writer.list('offset', config.offset ? [config.offset] : [])
	return known ? writer.shape() : null
}

/** Writes a shape. Each method answers false at something of unknown shape. */
class ShapeWriter {
	#key = ''
	readonly #values: unknown[] = []

	shape(): Shape {
		return { key: this.#key, values: this.#values }
	}

	text(text: string): true {
		// The length in front keeps one text from looking like two.
		this.#key += `${text.length}:${text}`
		return true
	}

	object(object: object): true {
		this.#key += `#${idOf(object)}`
		return true
	}

	list(name: string, chunks: readonly unknown[]): boolean {
		this.text(name)
		this.#key += `[${chunks.length}`
		return chunks.every((chunk) => this.chunk(chunk))
	}

	fields(fields: Readonly<Record<string, unknown>>): boolean {
		if (isFullSelection.has(fields)) return this.object(fields)
		this.#key += '{'
		for (const [name, field] of Object.entries(fields)) {
			this.text(name)
			if (isEntity(field, Column)) this.object(field)
			else if (isEntity(field, Table) || typeof field !== 'object' || field === null || 'getSQL' in field) return false
			else if (!this.fields({ ...field })) return false
		}
		this.#key += '}'
		return true
	}

	chunk(chunk: unknown): boolean {
		if (isEntity(chunk, StringChunk)) return this.text(chunk.value.join(''))
		if (isEntity(chunk, Column)) return this.object(chunk)
		if (Array.isArray(chunk)) return this.list('array', chunk)
		if (isValue(chunk)) {
			this.#key += '?'
			this.#values.push(chunk)
			return true
		}
		// A subclass of SQL, such as $count(), may print otherwise.
		if (!isEntity(chunk, SQL) || chunk.constructor !== SQL || isInlined(chunk)) return false
		return this.list('sql', chunk.queryChunks)
	}
}
