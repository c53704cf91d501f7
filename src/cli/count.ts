/** A number of things in words: `1 row`, `2 rows`, `1,204 rows`. */
export function count(number: number, noun: string): string {
	return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}
