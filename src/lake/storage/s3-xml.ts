/**
 * Reads the XML that an S3 service answers with: elements and text, as in the schemas of the S3 API reference. Attributes hold
 * only namespaces there, so they are skipped.
 *
 * @module
 */

/** An element. */
export interface XmlElement {
	readonly name: string
	readonly children: readonly XmlElement[]
	/** Its own text, entities replaced. */
	readonly text: string
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** In order: a comment, a CDATA section, a declaration, a tag, text. */
const tokenPattern =
	/<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<(\/?)([\w.:-]+)(?:"[^"]*"|'[^']*'|[^'">])*?(\/?)>|([^<]+)/y

/**
 * Parses a document.
 *
 * @returns its root; null for text that is no well-formed XML, such as a proxy's HTML page
 */
export function parseXml(document: string): XmlElement | null {
	const open: { name: string; children: XmlElement[]; text: string }[] = [{ name: '', children: [], text: '' }]
	tokenPattern.lastIndex = 0
	while (tokenPattern.lastIndex < document.length) {
		const token = tokenPattern.exec(document)
		const current = open.at(-1)
		if (token === null || current === undefined) return null
		const [, literal, closing, name, empty, text] = token
		if (literal !== undefined) current.text += literal
		else if (text !== undefined) current.text += unescapeXml(text)
		else if (name !== undefined && closing !== '') {
			const parent = open.at(-2)
			if (name !== current.name || parent === undefined) return null
			open.pop()
			parent.children.push(current)
		} else if (name !== undefined) {
			const element = { name, children: [], text: '' }
			if (empty === '') open.push(element)
			else current.children.push(element)
		}
	}
	const [root, ...others] = open[0]?.children ?? []
	return root === undefined || others.length > 0 || open.length > 1 ? null : root
}

/** The text of the first child of a name; undefined where there is none. */
export function childText(element: XmlElement, name: string): string | undefined {
	return element.children.find((child) => child.name === name)?.text
}

function unescapeXml(text: string): string {
	return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g, (whole, hex?: string, decimal?: string, name?: string) => {
		if (name !== undefined) return entities[name] ?? whole
		const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
		return point <= 0x10ffff ? String.fromCodePoint(point) : whole
	})
}
