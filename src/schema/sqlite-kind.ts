import type { LakeType } from './table-schema.ts'

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
