/**
 * Arguments of a macro that are computed once.
 *
 * @module
 */

/**
 * A macro writes its arguments wherever they are named; nested macros would multiply them. A list of one item, transformed,
 * computes them once: the body reads them as `p.a`, `p.b` ...
 *
 * One argument is the item itself, several are a row: DuckDB loses the names of a struct that holds columns of a query around.
 */
export function withArguments(args: Readonly<Record<string, string>>, body: string): string {
	const names = Object.keys(args)
	const values = Object.values(args)
	const item = values.length === 1 ? values.join() : `row(${values.join(', ')})`
	const inner = names.reduce(
		(sql, name, i) => sql.replace(new RegExp(`\\bp\\.${name}\\b`, 'g'), values.length === 1 ? 'p' : `p[${i + 1}]`),
		body,
	)
	return `list_extract(list_transform([${item}], lambda p: ${inner}), 1)`
}
