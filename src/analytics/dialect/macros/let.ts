/**
 * Arguments of a macro that are computed once.
 *
 * @module
 */

/**
 * A macro writes its arguments wherever they are named; nested macros would multiply them. A list of one struct, transformed,
 * computes them once: the body reads them as fields of `p`.
 */
export function withArguments(args: Readonly<Record<string, string>>, body: string): string {
	const fields = Object.entries(args).map(([name, sql]) => `'${name}': ${sql}`)
	return `list_extract(list_transform([{${fields.join(', ')}}], lambda p: ${body}), 1)`
}
