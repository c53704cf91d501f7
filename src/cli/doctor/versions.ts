/** Whether a version fits a range of the form `^1.2.3`, `>=1.2` or `1.2.3` (https://semver.org); any other range fits. */
export function fits(version: string, range: string): boolean {
	const [, operator = '', wanted = ''] = /^(\^|>=)?(\d[\w.-]*)$/.exec(range) ?? []
	if (wanted === '') return true
	const [found, least] = [numbersOf(version), numbersOf(wanted)]
	if (operator === '') return compare(found, least) === 0
	if (compare(found, least) < 0) return false
	if (operator === '>=') return true
	// A caret lets everything change but what is left of, and with, the first number that is not 0.
	const fixed = least.findIndex((number) => number !== 0)
	return found.slice(0, fixed + 1).every((number, index) => number === least[index])
}

/** Major, minor and patch; what a pre-release adds is left aside. */
function numbersOf(version: string): readonly number[] {
	const [major = 0, minor = 0, patch = 0] = version.split(/[-+]/)[0]?.split('.').map(Number) ?? []
	return [major, minor, patch]
}

function compare(a: readonly number[], b: readonly number[]): number {
	for (const [index, number] of a.entries()) {
		const difference = number - (b[index] ?? 0)
		if (difference !== 0) return difference
	}
	return 0
}
