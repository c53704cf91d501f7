/** Whether an integer has at most 64 bits. */
export function isInt64(value: bigint): boolean {
	return BigInt.asIntN(64, value) === value
}

/**
 * The integer that decimal digits stand for, with a sign or without; null where the text is none, or one beyond 64 bits. Takes
 * time in proportion to the text, which a `BigInt()` of many digits does not.
 */
export function parseInt64(text: string): bigint | null {
	// Zeros are taken off apart: a pattern that has a choice where they end tries each of them.
	const [, sign, all] = /^([+-]?)(\d+)$/.exec(text) ?? []
	const digits = all?.replace(/^0+(?=\d)/, '')
	if (digits === undefined || digits.length > 19) return null
	const value = BigInt(`${sign === '-' ? '-' : ''}${digits}`)
	return isInt64(value) ? value : null
}
