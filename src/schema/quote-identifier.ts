/** An identifier as SQL text, for SQLite and for DuckDB: any name is safe in it. */
export function quoteIdentifier(name: string): string {
	return `"${name.replaceAll('"', '""')}"`
}
