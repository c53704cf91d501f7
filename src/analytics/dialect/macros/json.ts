/**
 * Macros that make JSON.
 *
 * @module
 */
import { withArguments } from './let.ts'

/** Control characters without a short escape. */
const CONTROLS: readonly number[] = Array.from({ length: 31 }, (_, i) => i + 1).filter(
	(code) => ![8, 9, 10, 12, 13].includes(code),
)

const SHORT_ESCAPES = [
	["'\\'", "'\\\\'"],
	["'\"'", "'\\\"'"],
	['chr(8)', "'\\b'"],
	['chr(9)', "'\\t'"],
	['chr(10)', "'\\n'"],
	['chr(12)', "'\\f'"],
	['chr(13)', "'\\r'"],
] as const

const escaped = SHORT_ESCAPES.reduce((sql, [from, to]) => `replace(${sql}, ${from}, ${to})`, 'x')
const fullyEscaped = CONTROLS.reduce(
	(sql, code) => `replace(${sql}, chr(${code}), '\\u${code.toString(16).padStart(4, '0')}')`,
	escaped,
)

export const JSON_MACROS: readonly string[] = [
	`_sl_json_text(x) AS CASE WHEN contains(x, chr(0)) THEN _slf_json_quote(CAST('t' || x AS VARCHAR))
		WHEN NOT regexp_matches(x, '[\\x22\\x5c\\x01-\\x1f]') THEN '"' || x || '"'
		WHEN NOT regexp_matches(x, '[\\x01-\\x07\\x0b\\x0e-\\x1f]') THEN '"' || ${escaped} || '"'
		ELSE '"' || ${fullyEscaped} || '"' END`,
	`_sl_json_real(x) AS CASE WHEN isinf(x) THEN CASE WHEN x > 0 THEN '9.0e+999' ELSE '-9.0e+999' END ELSE _sl_real_text(x) END`,
	// A field of a row that a function called back gives: empty for NULL, else after an equals sign, the separators escaped.
	`_sl_field(x, n) AS CASE WHEN x[n] = '' THEN NULL WHEN contains(x[n], chr(27))
		THEN replace(replace(replace(substr(x[n], 2), chr(27) || 'f', chr(31)), chr(27) || 'r', chr(30)), chr(27) || 'e', chr(27))
		ELSE substr(x[n], 2) END`,
	`_sl_any_json_input(x) AS ${withArguments({ a: 'x' }, `CASE WHEN p.a.c = 4 THEN error('sqlake: JSON of a BLOB') ELSE _sl_any_to_text(p.a) END`)}`,
	`_sl_any_json_label(x) AS ${withArguments({ a: 'x' }, `CASE WHEN p.a.c = 3 THEN p.a.t ELSE error('sqlite: json_object() labels must be TEXT') END`)}`,
	`_sl_any_json(x) AS ${withArguments(
		{ a: 'x' },
		`CASE p.a.c WHEN 2 THEN _sl_json_real(p.a.r) WHEN 3 THEN _sl_json_text(p.a.t)
			WHEN 4 THEN error('sqlite: JSON cannot hold BLOB values') ELSE _sl_any_to_text(p.a) END`,
	)}`,
]
