import type { ColumnSchema, LakeType } from './table-schema.ts'

/** The kind of SQLite value that a lake type holds. */
export function sqliteKind(lakeType: LakeType): 'integer' | 'real' | 'text' | 'blob' {
	switch (lakeType) {
		case 'boolean':
		case 'long':
		case 'timestamptz':
			return 'integer'
		case 'double':
			return 'real'
		case 'string':
			return 'text'
		case 'binary':
			return 'blob'
	}
}

/** Whether the lake holds a column's numbers and texts alike as text: what NUMERIC affinity makes of the text is the value. */
export function isNumericText({ affinity, lakeType }: Pick<ColumnSchema, 'affinity' | 'lakeType'>): boolean {
	return affinity === 'NUMERIC' && lakeType === 'string'
}

/** The kind of value that a column's field in the lake holds. A numeric column is the same whether as text or, as formerly, as double. */
export function columnKind(column: Pick<ColumnSchema, 'affinity' | 'lakeType'>): ReturnType<typeof sqliteKind> | 'numeric' {
	const isNumeric = column.affinity === 'NUMERIC' && (column.lakeType === 'double' || column.lakeType === 'string')
	return isNumeric ? 'numeric' : sqliteKind(column.lakeType)
}
