/** Text as SQLite compares names and patterns: ASCII letters without case. */
export function fold(text: string): string {
	return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
