import type { Affinity } from './table-schema.ts'

/** Words that end the type name in a column definition (https://www.sqlite.org/lang_createtable.html, column-constraint). */
const constraintWords = /\b(?:as|check|collate|constraint|default|generated|not|null|primary|references|unique)\b/i

/**
 * A column's affinity by its declared type, by the five rules of https://www.sqlite.org/datatype3.html section 3.1, in their
 * order. A custom type may carry constraints behind the type name; they do not count.
 *
 * @param declaredType - the type as it stands in CREATE TABLE; empty where there is none
 */
export function affinityOf(declaredType: string): Affinity {
	const typeName = (declaredType.split(constraintWords)[0] ?? '').trim().toUpperCase()
	if (typeName.includes('INT')) return 'INTEGER'
	if (/CHAR|CLOB|TEXT/.test(typeName)) return 'TEXT'
	if (typeName === '' || typeName.includes('BLOB')) return 'BLOB'
	if (/REAL|FLOA|DOUB/.test(typeName)) return 'REAL'
	return 'NUMERIC'
}
