/** Text as HTML, for the content of an element and for an attribute in double quotes. */
export function escapeHtml(text: unknown): string {
	return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** HTML from a template: what is filled in is escaped, but for HTML made by this very template, and lists of it. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
	return new Html(strings.reduce((text, part, index) => text + render(values[index - 1]) + part))
}

/** What may be filled into {@link html}. */
export type HtmlValue = string | number | null | undefined | Html | readonly HtmlValue[]

/** HTML that is safe as it is. */
export class Html {
	readonly text: string

	constructor(text: string) {
		this.text = text
	}
}

function render(value: HtmlValue): string {
	if (value === null || value === undefined) return ''
	if (value instanceof Html) return value.text
	return Array.isArray(value) ? value.map(render).join('') : escapeHtml(value)
}
