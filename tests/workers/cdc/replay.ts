import type { ChangeBatch, ColumnVector } from '../../../src/cdc/change-batch.ts'
import { storedValues } from '../../../src/cdc/vectors.ts'
import { type SqlValue, TextBytes } from '../../../src/schema/sql-value.ts'

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** A value as text that tells storage class and every bit. */
export function exactly(value: SqlValue): string {
	if (value === null) return 'null'
	if (typeof value === 'bigint') return `integer ${value}`
	if (typeof value === 'number') return `real ${hex(new Uint8Array(new Float64Array([value]).buffer))}`
	if (typeof value === 'string') return `text ${hex(new TextEncoder().encode(value))}`
	if (value instanceof TextBytes) return `text ${hex(value.bytes)}`
	return `blob ${hex(value)}`
}

/** The rows of a table, each as exact texts, read from SQLite without a loss. */
export function tableContents(sql: SqlStorage, table: string, columns: readonly string[]): string[] {
	const quote = (name: string) => `"${name.replaceAll('"', '""')}"`
	const rows = columns.map((column) => {
		const value = quote(column)
		return `CASE typeof(${value}) WHEN 'null' THEN 'null' WHEN 'integer' THEN 'integer ' || ${value} WHEN 'real' THEN ${value} ELSE typeof(${value}) || ' ' || lower(hex(${value})) END`
	})
	return Array.from(sql.exec(`SELECT ${rows.join(', ')} FROM ${quote(table)}`).raw(), (cells) =>
		cells.map((cell) => (typeof cell === 'number' ? exactly(cell) : String(cell))).join('|'),
	).sort()
}

/** Tables rebuilt from changes. Refuses a change that does not follow from what it holds. */
export class Replica {
	readonly #tables = new Map<string, Map<string, string>>()

	/** The rows of a table, each as exact texts. */
	contents(table: string): string[] {
		return [...(this.#tables.get(table)?.values() ?? [])].sort()
	}

	/** Applies the changes of a batch, table by table. */
	apply(batch: ChangeBatch): void {
		for (const { table, length, op, row, before } of batch.tables) {
			const rows = this.#tables.get(table.name) ?? new Map<string, string>()
			this.#tables.set(table.name, rows)
			const after = cells(row)
			const old = before === null ? [] : cells(before)
			const keyColumns = table.primaryKey.map((name) => table.columns.findIndex((column) => column.name === name))
			const keyOf = (image: readonly string[]) => keyColumns.map((index) => image[index]).join('|')
			const remove = (image: readonly string[]) => {
				const found = rows.get(keyOf(image))
				if (found !== image.join('|')) throw new Error(`${table.name}: change of ${image.join('|')}, but the row is ${found}`)
				rows.delete(keyOf(image))
			}
			for (let index = 0; index < length; index++) {
				const image = after[index] ?? []
				if (op[index] === 'd') remove(image)
				else {
					if (op[index] === 'u') remove(old[index] ?? [])
					const found = rows.get(keyOf(image))
					if (found !== undefined) throw new Error(`${table.name}: ${op[index]} of ${image.join('|')}, but there is ${found}`)
					rows.set(keyOf(image), image.join('|'))
				}
			}
		}
	}
}

function cells(vectors: readonly ColumnVector[]): string[][] {
	const columns = vectors.map((vector) => storedValues(vector).map(exactly))
	return Array.from({ length: columns[0]?.length ?? 0 }, (_, index) => columns.map((column) => column[index] ?? ''))
}
