import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeChecksum } from '../../src/migrator/compute-checksum.ts'

const same = (a: string, b: string) => expect(computeChecksum(a)).toBe(computeChecksum(b))
const different = (a: string, b: string) => expect(computeChecksum(a)).not.toBe(computeChecksum(b))

describe('computeChecksum', () => {
	it('is SHA-256 in hex', () => {
		expect(computeChecksum('SELECT 1')).toMatch(/^[0-9a-f]{64}$/)
	})

	it('overlooks line ends, white space and comments between tokens', () => {
		same('CREATE TABLE `a` (\n\t`b` text\n);\n', 'CREATE TABLE `a` (\r\n  `b`   text)')
		same('SELECT a,b FROM t', '-- why\nSELECT a , b /* both */ FROM t -- done')
		same('\uFEFFSELECT 1', 'SELECT 1')
	})

	it('overlooks spare semicolons, and how statements are divided', () => {
		same('SELECT 1;\n--> statement-breakpoint\nSELECT 2;', 'SELECT 1; SELECT 2')
		same('SELECT 1;--> statement-breakpoint\n;;SELECT 2;;', 'SELECT 1;--> statement-breakpoint\nSELECT 2')
	})

	it('tells two statements from one', () => {
		different('SELECT 1; SELECT 2', 'SELECT 1 SELECT 2')
	})

	it('minds every character of a text, a name and a number', () => {
		different("SELECT 'a b'", "SELECT 'a  b'")
		different("SELECT 'a\nb'", "SELECT 'a\r\nb'")
		different('SELECT "a b"', 'SELECT "a  b"')
		different('SELECT `a`', 'SELECT `a `')
		different('SELECT [a]', 'SELECT [a ]')
		different("SELECT '-- a'", "SELECT '-- b'")
		different("SELECT '/* a */'", "SELECT '/* b */'")
		different("SELECT x'ab'", "SELECT x 'ab'")
		different('SELECT 1.5', 'SELECT 1 .5')
		different('SELECT 1e-3', 'SELECT 1e -3')
		different('SELECT a <= b', 'SELECT a < = b')
	})

	it('is not led astray by a quote within a comment, or a comment mark within a text', () => {
		same("SELECT 1 -- don't\n, 2", 'SELECT 1, 2')
		different("SELECT '--', 1", "SELECT '--', 2")
		different("SELECT 'it''s -- '; SELECT 1", "SELECT 'it''s -- '; SELECT 2")
	})

	const token = fc.oneof(
		fc.constantFrom(
			'SELECT',
			'a',
			'Bé',
			'_x$1',
			'1',
			'1.5',
			'.5e-3',
			'0xFF',
			',',
			'(',
			')',
			'<=',
			'||',
			'->>',
			'-',
			'/',
			'*',
			'.',
			'?1',
			':p',
		),
		fc.string({ unit: fc.constantFrom('a', ' ', '\n', '-', '/', '*', "''", '"', ';', '`') }).map((text) => `'${text}'`),
		fc.string({ unit: fc.constantFrom('a', ' ', '\n', '-', "'", '""', ';') }).map((text) => `"${text}"`),
	)
	// Begins with a space: a comment right behind a minus would be another one.
	const comment = fc.constantFrom('', '\n', '\r\n', '\t', '-- note; it\'s "here"\n', "/* a ; b ' */")
	const gap = fc.array(comment, { maxLength: 3 }).map((parts) => [' ', ...parts])

	it('stays the same whatever stands between the tokens', () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(token, gap, gap), { maxLength: 12 }), (parts) => {
				const [a, b] = [0, 1].map((side) => parts.map(([text, ...gaps]) => `${text}${gaps[side]?.join('')}`).join(''))
				same(a ?? '', b ?? '')
				same(`${a};`, `\n${b} ; ;\n-- end`)
			}),
			{ numRuns: 500 },
		)
	})

	it('differs where a token differs', () => {
		fc.assert(
			fc.property(fc.array(token, { maxLength: 8 }), fc.nat(7), token, (tokens, at, other) => {
				const changed = tokens.toSpliced(at, 1, other)
				fc.pre(JSON.stringify(changed) !== JSON.stringify(tokens))
				different(tokens.join(' '), changed.join(' '))
			}),
			{ numRuns: 500 },
		)
	})
})
