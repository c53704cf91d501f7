import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseXml, type XmlElement } from '../../../src/lake/storage/s3-xml.ts'

const text = fc
	.string({ unit: 'binary', maxLength: 20 })
	.filter((value) => value.isWellFormed())
	.map((value) => value.trim())
const { element } = fc.letrec<{ element: XmlElement }>((tie) => ({
	element: fc.record({
		name: fc.stringMatching(/^[A-Za-z][\w.-]{0,8}$/),
		children: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie('element'), { maxLength: 3 })),
		text,
	}),
}))

const escaped = (value: string) => value.replace(/[<>&"'\s]/gu, (char) => `&#x${char.codePointAt(0)?.toString(16)};`)
const print = ({ name, children, text: own }: XmlElement): string =>
	children.length === 0 && own === ''
		? `<${name} a="1 > 0"/>`
		: `<${name} xmlns='urn:x'>${children.map(print).join('<!-- <between> -->')}${escaped(own)}</${name}>`

it('reads back any tree of elements and text', () => {
	fc.assert(
		fc.property(element, (root) => {
			expect(parseXml(`<?xml version="1.0"?>${print(root)}`)).toEqual(root)
		}),
		{ numRuns: 300 },
	)
})

it('replaces the entities of XML once', () => {
	expect(parseXml('<a>&amp;lt;&lt;&quot;&apos;&gt;&#65;&#x1F600;&unknown;<![CDATA[<&amp;]]></a>')?.text).toBe(
		`&lt;<"'>A\u{1f600}&unknown;<&amp;`,
	)
})

it.each(['', 'plain', '<a>', '<a></b>', '</a>', '<a/><b/>', '<a', '<a><b></a></b>', '<!doctype html><html><p>not found</html>'])(
	'says that %j is no document',
	(document) => {
		expect(parseXml(document)).toBeNull()
	},
)
