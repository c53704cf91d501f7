import { FIRST_COLUMN_FIELD_ID } from './table-schema.ts'

/**
 * The Iceberg field id of a column that no manifest has recorded yet: declaration order decides.
 *
 * @param position - the column's place in its table, from 0
 */
export function fieldIdAt(position: number): number {
	return FIRST_COLUMN_FIELD_ID + position
}
