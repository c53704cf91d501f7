/**
 * Macros for numbers and texts.
 *
 * @module
 */
import { withArguments } from './let.ts'

export const SCALAR_MACROS: readonly string[] = [
	// Bytes as text where only a number at its start matters: DuckDB writes all but ASCII out.
	`_sl_blob_text(x) AS regexp_replace(CAST(x AS VARCHAR), '^(?:\\\\x0[9A-D]| )+', '')`,
	// Whether a REAL is an INTEGER under NUMERIC affinity.
	`_sl_is_whole(x) AS (x = trunc(x) AND abs(x) < 9223372036854775807e0)`,
	// SQLite folds the case of ASCII letters only.
	`_sl_lower(x) AS CASE WHEN strlen(x) = length(x) THEN lower(x)
		ELSE translate(x, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') END`,
	`_sl_upper(x) AS CASE WHEN strlen(x) = length(x) THEN upper(x)
		ELSE translate(x, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') END`,
	// A REAL as text: always with a point, an exponent only below 1e-4 and from 1e17 on. The shortest digits that read back.
	`_sl_real_digits(x) AS CASE WHEN x IS NULL OR isnan(x) THEN NULL
		WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'Inf' ELSE '-Inf' END
		WHEN x = 0 THEN '0.0'
		WHEN abs(x) >= 1e16 AND abs(x) < 1e17 THEN format('{:.1f}', x)
		WHEN abs(x) < 1e-4 OR abs(x) >= 1e17 THEN regexp_replace(CAST(x AS VARCHAR), '^(-?\\d+)e', '\\1.0e')
		ELSE CAST(x AS VARCHAR) END`,
	// Beyond 13 digits, and where the number is small, SQLite does not print the shortest digits that read back.
	`_sl_real_text(x) AS CASE WHEN x IS NULL OR isnan(x) THEN NULL
		WHEN x = 0 OR isinf(x) OR (abs(x) >= 1e-2 AND abs(x) < 1e13 AND length(CAST(x AS VARCHAR)) <= 14) THEN _sl_real_digits(x)
		ELSE _slf_real_text(CAST(x AS VARCHAR)) END`,
	`_sl_numeric_text(x) AS CASE WHEN _sl_is_whole(x) THEN CAST(CAST(x AS BIGINT) AS VARCHAR) ELSE _sl_real_text(x) END`,
	`_sl_parse_real(x) AS COALESCE(TRY_CAST(x AS DOUBLE), CASE WHEN x IS NULL THEN NULL
		WHEN x[1] = '-' THEN CAST('-inf' AS DOUBLE) ELSE CAST('inf' AS DOUBLE) END)`,
	`_sl_text_real(x) AS ${withArguments(
		{ a: 'x', d: `regexp_extract(x, '^[\\t-\\r ]*([+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?)', 1)` },
		`CASE WHEN p.a IS NULL THEN NULL WHEN p.d = '' THEN CAST(0 AS DOUBLE) ELSE _sl_parse_real(p.d) END`,
	)}`,
	`_sl_text_integer(x) AS ${withArguments(
		{ a: 'x', d: `regexp_extract(x, '^[\\t-\\r ]*([+-]?\\d+)', 1)` },
		`CASE WHEN p.a IS NULL THEN NULL WHEN p.d = '' THEN CAST(0 AS BIGINT)
			ELSE COALESCE(TRY_CAST(p.d AS BIGINT), CASE WHEN p.d[1] = '-' THEN CAST('-9223372036854775808' AS BIGINT)
			ELSE CAST('9223372036854775807' AS BIGINT) END) END`,
	)}`,
	`_sl_real_integer(x) AS CASE WHEN x IS NULL OR isnan(x) THEN NULL
		WHEN x >= 9223372036854775807e0 THEN CAST('9223372036854775807' AS BIGINT)
		WHEN x <= -9223372036854775808e0 THEN CAST('-9223372036854775808' AS BIGINT)
		ELSE CAST(trunc(x) AS BIGINT) END`,
	`_sl_exact_real(x) AS CASE WHEN x BETWEEN -9007199254740992 AND 9007199254740992 OR CAST(CAST(x AS DOUBLE) AS HUGEINT) = x
		THEN CAST(x AS DOUBLE) WHEN x IS NOT NULL THEN error('sqlake: an INTEGER beyond 2^53 compared with a REAL')::DOUBLE END`,
	// By digits only where a double leaves it in doubt. Through an integer, as SQLite goes, there is no -0.0.
	`_sl_round(x, n) AS CASE WHEN x IS NULL OR n IS NULL OR isnan(x) THEN NULL
		WHEN abs(x) > 4503599627370496e0 THEN x
		WHEN n <= 0 THEN trunc(x + CASE WHEN x < 0 THEN -0.5e0 ELSE 0.5e0 END) + 0e0
		WHEN n <= 9 AND abs(x) * pow(10, n) < 1e11 AND abs(abs(x) * pow(10, n) - floor(abs(x) * pow(10, n)) - 0.5e0) > 1e-4
			THEN round(abs(x) * pow(10, n)) / pow(10, n) * sign(x)
		ELSE CAST(_slf_round(CAST(x AS VARCHAR), CAST(n AS VARCHAR)) AS DOUBLE) END`,
	// A REAL with some digits after the point, where a double leaves no doubt which; else NULL.
	`_sl_plain_fixed(x, n, format) AS CASE WHEN abs(x) * pow(10, n) < 1e11 AND abs(abs(x) * pow(10, n) - floor(abs(x) * pow(10, n)) - 0.5e0) > 1e-4
		AND (x > 0 OR abs(x) * pow(10, n) >= 1) THEN printf(format, x) END`,
	// round() to digits that the query tells: p is their power of ten.
	`_sl_round_to(x, n, p) AS CASE WHEN abs(abs(x * p - trunc(x * p)) - 0.5e0) > 1e-4 AND abs(x * p) < 1e11 THEN round(x * p) / p ELSE _sl_round(x, n) END`,
	// A text to its first NUL.
	`_sl_to_nul(x) AS CASE WHEN contains(x, chr(0)) THEN substr(x, 1, instr(x, chr(0)) - 1) ELSE x END`,
	`_sl_shift(x, n) AS ${withArguments(
		{ a: 'x', b: 'n' },
		`CASE WHEN p.a IS NULL OR p.b IS NULL THEN NULL
			WHEN p.b >= 64 THEN CAST(0 AS BIGINT)
			WHEN p.b <= -64 THEN CASE WHEN p.a < 0 THEN CAST(-1 AS BIGINT) ELSE CAST(0 AS BIGINT) END
			WHEN p.b < 0 THEN p.a >> CAST(-p.b AS BIGINT)
			ELSE CAST(((((CAST(p.a AS HUGEINT) + 18446744073709551616::HUGEINT) % 18446744073709551616::HUGEINT)
				% CAST(pow(2, 64 - p.b) AS HUGEINT)) * CAST(pow(2, p.b) AS HUGEINT) + 9223372036854775808::HUGEINT)
				% 18446744073709551616::HUGEINT - 9223372036854775808::HUGEINT AS BIGINT) END`,
	)}`,
	// Counts to the first NUL, as SQLite does.
	`_sl_length(x) AS CASE WHEN contains(x, chr(0)) THEN instr(x, chr(0)) - 1 ELSE length(x) END`,
	// substr() with SQLite's counting: position 0 is before the first character, a negative length reads backwards.
	`_sl_substr(x, s, n) AS ${withArguments(
		{ t: '_sl_to_nul(x)', s: 's', n: 'n', l: '_sl_length(x)' },
		`CASE WHEN p.t IS NULL OR p.s IS NULL OR p.n IS NULL THEN NULL ELSE ${substr('p.t', 'p.s', 'p.n', 'p.l')} END`,
	)}`,
	`_sl_substr_bytes(x, s, n) AS ${withArguments(
		{ t: 'hex(x)', s: 's', n: 'n', l: 'octet_length(x)' },
		`CASE WHEN p.t IS NULL OR p.t = '' OR p.s IS NULL OR p.n IS NULL THEN NULL ELSE ${substrBytes()} END`,
	)}`,
	// An INTEGER and a REAL, without rounding the one.
	`_sl_same_number(i, r) AS (CAST(i AS DOUBLE) = r AND (i BETWEEN -9007199254740992 AND 9007199254740992 OR TRY_CAST(r AS HUGEINT) = CAST(i AS HUGEINT)))`,
]

/** Bounds of the part: from `start` (1-based) to before `end`. */
function bounds(start: string, count: string, length: string): { readonly from: string; readonly to: string } {
	// A start before the text takes characters from the count; a negative count swaps the ends.
	const origin = `CASE WHEN ${start} < 0 THEN ${start} + ${length} + 1 ELSE ${start} END`
	return {
		from: `CASE WHEN ${count} < 0 THEN (${origin}) + ${count} ELSE (${origin}) END`,
		to: `CASE WHEN ${count} < 0 THEN (${origin}) ELSE (${origin}) + ${count} END`,
	}
}

function substr(text: string, start: string, count: string, length: string): string {
	const { from, to } = bounds(start, count, length)
	return `substring(${text}, CAST(least(4294967295, greatest(1, ${from})) AS BIGINT), CAST(greatest(0, least(${length} + 1, ${to}) - greatest(1, ${from})) AS BIGINT))`
}

function substrBytes(): string {
	const { from, to } = bounds('p.s', 'p.n', 'p.l')
	return `from_hex(substring(p.t, CAST(2 * greatest(1, ${from}) - 1 AS BIGINT), CAST(2 * greatest(0, least(p.l + 1, ${to}) - greatest(1, ${from})) AS BIGINT)))`
}
