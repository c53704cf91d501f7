/** The characters that SQLite skips around a number in text. */
const SPACES = ' \t\n\v\f\r'

/** Text without the spaces around it, in time that grows with the text: a pattern for them at its end would try each run of spaces. */
export function trimSpaces(text: string, spaces: string = SPACES): string {
	let [start, end] = [0, text.length]
	while (start < end && spaces.includes(text.charAt(start))) start++
	while (end > start && spaces.includes(text.charAt(end - 1))) end--
	return text.slice(start, end)
}
