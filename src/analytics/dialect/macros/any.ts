/**
 * Macros over values whose storage class is known only when the query runs: structs of a class (1 INTEGER, 2 REAL, 3 TEXT,
 * 4 BLOB) and one field for each. NULL is NULL itself, never a struct. Class 5 is TEXT that is not UTF-8, as bytes: no query gets to see it.
 *
 * @module
 */
import { withArguments } from './let.ts'

const struct = (tag: number, fields: Record<string, string>) => {
	const field = (name: string, type: string) => `'${name}': ${fields[name] ?? `CAST(NULL AS ${type})`}`
	const all = [field('i', 'BIGINT'), field('r', 'DOUBLE'), field('t', 'VARCHAR'), field('b', 'BLOB')]
	return `{'c': CAST(${tag} AS TINYINT), ${all.join(', ')}}`
}

const make = (name: string, tag: number, field: string, type: string) =>
	`${name}(x) AS CASE WHEN x IS NULL THEN NULL ELSE ${struct(tag, { [field]: `CAST(x AS ${type})` })} END`

/** An arithmetic operator: INTEGER of two INTEGERs, else REAL. */
const arithmetic = (name: string, integers: string, reals: string) =>
	`${name}(x, y) AS ${withArguments(
		{ a: 'x', b: 'y' },
		`CASE WHEN p.a IS NULL OR p.b IS NULL THEN NULL
			WHEN p.a.c = 1 AND p.b.c = 1 THEN ${integers}
			ELSE _sl_any_real(NULLIF(${reals}, CAST('nan' AS DOUBLE))) END`,
	)}`

/** Of two INTEGERs an INTEGER, or a REAL where 64 bits do not hold it. */
const narrow = (op: '+' | '-' | '*') =>
	`CASE WHEN CAST(p.a.i AS HUGEINT) ${op} CAST(p.b.i AS HUGEINT) BETWEEN -9223372036854775808 AND 9223372036854775807
		THEN _sl_any_integer(CAST(CAST(p.a.i AS HUGEINT) ${op} CAST(p.b.i AS HUGEINT) AS BIGINT))
		ELSE _sl_any_real(CAST(p.a.i AS DOUBLE) ${op} CAST(p.b.i AS DOUBLE)) END`

const A = 'CASE p.a.c WHEN 1 THEN CAST(p.a.i AS DOUBLE) ELSE p.a.r END'
/** What a double does not tell of an INTEGER. */
const REST = (side: 'a' | 'b') =>
	`CASE WHEN p.${side}.c <> 1 OR p.${side}.i BETWEEN -9007199254740992 AND 9007199254740992 THEN CAST(0 AS HUGEINT)
		ELSE CAST(p.${side}.i AS HUGEINT) - CAST(CAST(p.${side}.i AS DOUBLE) AS HUGEINT) END`
const B = 'CASE p.b.c WHEN 1 THEN CAST(p.b.i AS DOUBLE) ELSE p.b.r END'

/** A value as a DOUBLE; the value is named several times. */
const toReal = (x: string) =>
	`CASE ${x}.c WHEN 1 THEN CAST(${x}.i AS DOUBLE) WHEN 2 THEN ${x}.r WHEN 3 THEN _sl_text_real(${x}.t)
			WHEN 4 THEN _sl_text_real(_sl_blob_text(${x}.b)) END`

/** What compares, sorts and groups as SQLite compares; the value is named several times. */
const key = (x: string) =>
	`CASE WHEN ${x} IS NULL THEN NULL ELSE {
			'k': CASE WHEN ${x}.c <= 2 THEN CAST(1 AS TINYINT) ELSE ${x}.c END,
			'n': CASE ${x}.c WHEN 1 THEN CAST(${x}.i AS DOUBLE) WHEN 2 THEN ${x}.r ELSE CAST(0 AS DOUBLE) END,
			'd': CASE WHEN ${x}.c <> 1 OR ${x}.i BETWEEN -9007199254740992 AND 9007199254740992 THEN CAST(0 AS BIGINT)
				ELSE CAST(CAST(${x}.i AS HUGEINT) - CAST(CAST(${x}.i AS DOUBLE) AS HUGEINT) AS BIGINT) END,
			't': COALESCE(${x}.t, ''), 'b': COALESCE(${x}.b, CAST('' AS BLOB))} END`

export const ANY_MACROS: readonly string[] = [
	make('_sl_any_integer', 1, 'i', 'BIGINT'),
	make('_sl_any_real', 2, 'r', 'DOUBLE'),
	make('_sl_any_text', 3, 't', 'VARCHAR'),
	make('_sl_any_blob', 4, 'b', 'BLOB'),
	// NUMERIC affinity keeps whole numbers as INTEGER.
	`_sl_any_numeric(x) AS ${withArguments(
		{ a: 'x' },
		`CASE WHEN p.a IS NULL THEN NULL
			WHEN _sl_is_whole(p.a) THEN ${struct(1, { i: 'CAST(p.a AS BIGINT)' })} ELSE ${struct(2, { r: 'p.a' })} END`,
	)}`,
	// A number at the start of a text, as arithmetic reads it; one that a NUL ends is a REAL.
	`_sl_text_number(x) AS ${withArguments(
		{ a: 'x', d: `regexp_extract(x, '^[\\t-\\r ]*([+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?)', 1)` },
		`CASE WHEN p.a IS NULL THEN NULL
			WHEN p.d = '' THEN _sl_any_integer(0)
			WHEN contains(p.a, chr(0)) AND _sl_trim(_sl_to_nul(p.a)) = p.d THEN _sl_any_real(_sl_parse_real(p.d))
			WHEN regexp_full_match(p.d, '[+-]?\\d+') AND TRY_CAST(p.d AS BIGINT) IS NOT NULL THEN _sl_any_integer(TRY_CAST(p.d AS BIGINT))
			ELSE _sl_any_real(_sl_parse_real(p.d)) END`,
	)}`,
	// A numeric column of the lake: what of its texts is a number, the writer has seen to.
	// A failing cast takes long: most texts are dates.
	`_sl_numeric(x) AS CASE WHEN x IS NULL THEN NULL
		WHEN substr(x, 5, 1) = '-' AND substr(x, 4, 1) <> 'e' OR TRY_CAST(x AS DOUBLE) IS NULL THEN ${struct(3, { t: 'x' })}
		WHEN TRY_CAST(x AS DOUBLE) <> trunc(TRY_CAST(x AS DOUBLE)) THEN ${struct(2, { r: 'TRY_CAST(x AS DOUBLE)' })}
		WHEN TRY_CAST(x AS BIGINT) IS NOT NULL THEN ${struct(1, { i: 'TRY_CAST(x AS BIGINT)' })}
		ELSE ${struct(2, { r: 'TRY_CAST(x AS DOUBLE)' })} END`,
	`_sl_trim(x) AS trim(x, chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || ' ')`,
	// A text that is a number as a whole becomes that number, any other stays.
	`_sl_text_affinity(x) AS ${withArguments(
		{ a: 'x', d: '_sl_trim(_sl_to_nul(x))' },
		`CASE WHEN p.a IS NULL THEN NULL
			WHEN NOT regexp_full_match(p.d, '[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?') THEN _sl_any_text(p.a)
			WHEN regexp_full_match(p.d, '[+-]?\\d+') AND TRY_CAST(p.d AS BIGINT) IS NOT NULL THEN _sl_any_integer(TRY_CAST(p.d AS BIGINT))
			ELSE _sl_any_real(_sl_parse_real(p.d)) END`,
	)}`,
	`_sl_any_affinity(x) AS ${withArguments({ a: 'x' }, 'CASE WHEN p.a.c = 3 THEN _sl_text_affinity(p.a.t) ELSE p.a END')}`,
	`_sl_any_text_affinity(x) AS ${withArguments(
		{ a: 'x' },
		'CASE WHEN p.a.c IN (1, 2) THEN _sl_any_text(_sl_any_to_text(p.a)) ELSE p.a END',
	)}`,
	`_sl_any_number(x) AS ${withArguments({ a: 'x' }, 'CASE p.a.c WHEN 3 THEN _sl_text_number(p.a.t) WHEN 4 THEN _sl_text_number(_sl_blob_text(p.a.b)) ELSE p.a END')}`,
	// As sum() takes it: a text that is no number as a whole counts as a REAL, and so does a BLOB.
	`_sl_any_summand(x) AS ${withArguments(
		{ a: 'x' },
		`CASE WHEN p.a.c = 3 THEN CASE WHEN _sl_text_affinity(p.a.t).c = 3 THEN _sl_any_real(_sl_text_real(p.a.t))
			ELSE _sl_text_affinity(p.a.t) END WHEN p.a.c = 4 THEN _sl_any_real(_sl_text_real(_sl_blob_text(p.a.b))) ELSE p.a END`,
	)}`,
	// CAST(... AS NUMERIC): whole numbers become INTEGER.
	`_sl_any_cast_numeric(x) AS ${withArguments(
		{ a: 'x' },
		'CASE WHEN p.a.c = 2 AND _sl_is_whole(p.a.r) THEN _sl_any_integer(CAST(p.a.r AS BIGINT)) ELSE p.a END',
	)}`,
	`_sl_any_unblob(x) AS ${withArguments({ a: 'x' }, 'CASE WHEN p.a.c = 4 THEN _sl_any_text(decode(p.a.b)) ELSE p.a END')}`,
	`_sl_any_to_text(x) AS ${withArguments(
		{ a: 'x' },
		`CASE p.a.c WHEN 1 THEN CAST(p.a.i AS VARCHAR) WHEN 2 THEN _sl_real_text(p.a.r) WHEN 3 THEN p.a.t
			WHEN 4 THEN decode(p.a.b) END`,
	)}`,
	`_sl_any_to_real(x) AS ${withArguments({ a: 'x' }, toReal('p.a'))}`,
	`_sl_column_real(x) AS ${toReal('x')}`,
	`_sl_any_to_integer(x) AS ${withArguments(
		{ a: 'x' },
		`CASE p.a.c WHEN 1 THEN p.a.i WHEN 2 THEN _sl_real_integer(p.a.r) WHEN 3 THEN _sl_text_integer(p.a.t)
			WHEN 4 THEN _sl_text_integer(_sl_blob_text(p.a.b)) END`,
	)}`,
	`_sl_any_typeof(x) AS ${withArguments(
		{ a: 'x' },
		`CASE p.a.c WHEN 1 THEN 'integer' WHEN 2 THEN 'real' WHEN 3 THEN 'text' WHEN 4 THEN 'blob' ELSE 'null' END`,
	)}`,
	// What compares, sorts and groups as SQLite compares: class, number, what a double cannot tell of an integer, text, bytes.
	`_sl_key(x) AS ${withArguments({ a: 'x' }, key('p.a'))}`,
	`_sl_column_key(x) AS ${key('x')}`,
	`_sl_any_nocase(x) AS ${withArguments({ a: 'x' }, 'CASE WHEN p.a.c = 3 THEN _sl_any_text(_sl_lower(p.a.t)) ELSE p.a END')}`,
	`_sl_any_rtrim(x) AS ${withArguments({ a: 'x' }, "CASE WHEN p.a.c = 3 THEN _sl_any_text(rtrim(p.a.t, ' ')) ELSE p.a END")}`,
	// How two values stand to each other: -1, 0 or 1. Numbers compare exactly.
	`_sl_order(x, y) AS ${withArguments(
		{ a: 'x', b: 'y' },
		`CASE WHEN p.a IS NULL OR p.b IS NULL THEN NULL
			WHEN p.a.c = 1 AND p.b.c = 1 THEN _sl_sign(p.a.i, p.b.i)
			WHEN p.a.c <= 2 AND p.b.c <= 2 THEN CASE WHEN (${A}) = (${B}) THEN _sl_sign(${REST('a')}, ${REST('b')}) ELSE _sl_sign(${A}, ${B}) END
			WHEN p.a.c = 3 AND p.b.c = 3 THEN _sl_sign(p.a.t, p.b.t)
			WHEN p.a.c = 4 AND p.b.c = 4 THEN _sl_sign(p.a.b, p.b.b)
			ELSE _sl_sign(greatest(p.a.c, 2), greatest(p.b.c, 2)) END`,
	)}`,
	'_sl_sign(x, y) AS CASE WHEN x < y THEN -1 WHEN x > y THEN 1 ELSE 0 END',
	// What a result column carries to the reader of the result.
	`_sl_any_encode(x) AS ${withArguments(
		{ a: 'x' },
		`CASE p.a.c WHEN 1 THEN 'i' || CAST(p.a.i AS VARCHAR) WHEN 2 THEN 'r' || CAST(p.a.r AS VARCHAR) WHEN 3 THEN 't' || p.a.t
			WHEN 4 THEN 'b' || hex(p.a.b) END`,
	)}`,
	// What functions that the engine calls back give.
	`_sl_decode(x) AS ${withArguments(
		{ a: 'x' },
		`CASE p.a[1] WHEN 'i' THEN ${struct(1, { i: 'CAST(substr(p.a, 2) AS BIGINT)' })} WHEN 'r' THEN ${struct(2, { r: 'CAST(substr(p.a, 2) AS DOUBLE)' })}
			WHEN 't' THEN ${struct(3, { t: 'substr(p.a, 2)' })} WHEN 'j' THEN ${struct(3, { t: 'substr(p.a, 2)' })}
			WHEN 'b' THEN ${struct(4, { b: 'from_hex(substr(p.a, 2))' })} WHEN 'x' THEN ${struct(5, { b: 'from_hex(substr(p.a, 2))' })} END`,
	)}`,
	// Encoded values by what compares: 5.0 is 5, and JSON is text.
	"_sl_encoded_class(x) AS CASE WHEN x[1] = 'j' THEN 't' ELSE x[1] END",
	`_sl_encoded_key(x) AS CASE x[1] WHEN 'j' THEN 't' || substr(x, 2) WHEN 'r' THEN
		CASE WHEN _sl_is_whole(CAST(substr(x, 2) AS DOUBLE)) THEN 'i' || CAST(CAST(CAST(substr(x, 2) AS DOUBLE) AS BIGINT) AS VARCHAR)
			ELSE 'r' || CAST(CAST(substr(x, 2) AS DOUBLE) AS VARCHAR) END ELSE x END`,
	arithmetic('_sl_any_add', narrow('+'), `(${A}) + (${B})`),
	arithmetic('_sl_any_subtract', narrow('-'), `(${A}) - (${B})`),
	arithmetic('_sl_any_multiply', narrow('*'), `(${A}) * (${B})`),
	arithmetic('_sl_any_divide', '_sl_any_integer(p.a.i // p.b.i)', `(${A}) / (${B})`),
	// Of two operands their remainder's class: m and n are the operands cut off.
	`_sl_any_remainder(x, y, m, n) AS ${withArguments(
		{ a: 'x', b: 'y', r: 'm % n' },
		`CASE WHEN p.r IS NULL THEN NULL WHEN p.a.c = 1 AND p.b.c = 1 THEN _sl_any_integer(p.r)
			ELSE _sl_any_real(CAST(p.r AS DOUBLE)) END`,
	)}`,
	`_sl_any_length(x) AS ${withArguments({ a: 'x' }, 'CASE p.a.c WHEN 4 THEN octet_length(p.a.b) ELSE _sl_length(_sl_any_to_text(p.a)) END')}`,
	`_sl_any_substr(x, s, n) AS ${withArguments(
		{ a: 'x', s: 's', n: 'n' },
		`CASE WHEN p.a.c = 4 THEN _sl_any_blob(_sl_substr_bytes(p.a.b, p.s, p.n)) ELSE _sl_any_text(_sl_substr(_sl_any_to_text(p.a), p.s, p.n)) END`,
	)}`,
	// What a window counts from: there is no way to ask for texts that are their own peers only.
	`_sl_any_range(x) AS ${withArguments({ a: 'x' }, `CASE WHEN p.a.c <= 2 THEN _sl_any_to_real(p.a) WHEN p.a IS NOT NULL THEN error('sqlake: RANGE with an offset over what is no number') END`)}`,
	`_sl_any_hex(x) AS ${withArguments({ a: 'x' }, 'CASE p.a.c WHEN 4 THEN hex(p.a.b) ELSE hex(encode(_sl_any_to_text(p.a))) END')}`,
	// What mathematical functions take: numbers, and texts that are numbers as a whole.
	`_sl_math_number(x) AS ${withArguments({ a: '_sl_any_affinity(x)' }, 'CASE WHEN p.a.c <= 2 THEN p.a END')}`,
	`_sl_math_real(x) AS ${withArguments(
		{ a: '_sl_any_affinity(x)' },
		'CASE p.a.c WHEN 1 THEN CAST(p.a.i AS DOUBLE) WHEN 2 THEN p.a.r END',
	)}`,
	...['ceil', 'floor', 'trunc'].map(
		(name) =>
			`_sl_any_${name}(x) AS ${withArguments({ a: 'x' }, `CASE p.a.c WHEN 1 THEN p.a WHEN 2 THEN _sl_any_real(${name}(p.a.r)) END`)}`,
	),
	`_sl_any_to_numeric(x) AS ${withArguments(
		{ a: 'x' },
		`CASE p.a.c WHEN 3 THEN _sl_any_cast_numeric(_sl_text_number(p.a.t))
			WHEN 4 THEN _sl_any_cast_numeric(_sl_text_number(_sl_blob_text(p.a.b))) ELSE p.a END`,
	)}`,
	`_sl_any_negate(x) AS ${withArguments(
		{ a: 'x' },
		'CASE p.a.c WHEN 1 THEN _sl_any_integer(-p.a.i) WHEN 2 THEN _sl_any_real(0e0 - p.a.r) END',
	)}`,
	// A text counts as a REAL, whatever it looks like; so does a BLOB.
	`_sl_any_abs(x) AS ${withArguments(
		{ a: 'x' },
		'CASE p.a.c WHEN 1 THEN _sl_any_integer(abs(p.a.i)) WHEN 2 THEN _sl_any_real(abs(p.a.r)) WHEN 3 THEN _sl_any_real(abs(_sl_text_real(p.a.t))) WHEN 4 THEN _sl_any_real(abs(_sl_text_real(_sl_blob_text(p.a.b)))) END',
	)}`,
]
