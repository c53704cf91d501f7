/** Characters that a terminal draws over the one before them: marks, joiners, variation selectors. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u

/** Characters that take two columns: East Asian wide and full-width ones (Unicode, UAX #11), and emoji. */
const WIDE =
	/^[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{a960}-\u{a97c}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1b000}-\u{1b2fb}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u

const ONE_EACH = /^[\x20-\x7e]*$/

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
	if (ONE_EACH.test(text)) return text.length
	let width = 0
	for (const character of text) width += characterWidth(character)
	return width
}

/** A text cut to a number of columns, with an ellipsis where something is missing. */
export function cutText(text: string, columns: number): string {
	if (textWidth(text) <= columns) return text
	let [cut, width] = ['', 0]
	for (const character of text) {
		width += characterWidth(character)
		if (width > columns - 1) break
		cut += character
	}
	return `${cut}…`
}

function characterWidth(character: string): number {
	if (ZERO_WIDTH.test(character)) return 0
	return WIDE.test(character) ? 2 : 1
}
