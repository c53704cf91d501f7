/**
 * Macros for dates and times. A moment is a TIMESTAMP of milliseconds; NULL for what SQLite does not read as one.
 *
 * @module
 */
import { withArguments } from './let.ts'

const TIME = '\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d+)?)?'
const ZONE = '[zZ]|[+-]\\d{2}:\\d{2}'

export const DATE_MACROS: readonly string[] = [
	// Days beyond the end of a month run over into the next one.
	`_sl_day(x) AS CASE WHEN substr(x, 6, 2) BETWEEN '01' AND '12' AND substr(x, 9, 2) BETWEEN '01' AND '31'
		THEN TRY_CAST(substr(x, 1, 8) || '01' AS TIMESTAMP) + to_days(TRY_CAST(substr(x, 9, 2) AS INTEGER) - 1) END`,
	`_sl_time(x) AS CASE
		WHEN substr(x, 1, 2) = '24' OR regexp_matches(x, ':59\\.999[5-9]') THEN error('sqlake: a time of day in its last half millisecond, or 24:00')::INTERVAL
		WHEN regexp_full_match(x, '([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?') THEN to_milliseconds(CAST(floor(
			(CAST(substr(x, 1, 2) AS INTEGER) * 3600 + CAST(substr(x, 4, 2) AS INTEGER) * 60) * 1000e0
			+ COALESCE(TRY_CAST(substr(x, 7) AS DOUBLE), 0e0) * 1000e0 + 0.5e0) AS BIGINT)) END`,
	`_sl_zone(x) AS CASE WHEN x = '' OR upper(x) = 'Z' THEN to_minutes(0)
		WHEN CAST(substr(x, 2, 2) AS INTEGER) <= 14 AND CAST(substr(x, 5, 2) AS INTEGER) <= 59
			THEN to_minutes((CASE WHEN x[1] = '-' THEN 1 ELSE -1 END) * (CAST(substr(x, 2, 2) AS INTEGER) * 60 + CAST(substr(x, 5, 2) AS INTEGER))) END`,
	`_sl_julian_moment(x) AS CASE WHEN x >= 0 AND x < 5373484.5e0
		THEN epoch_ms(CAST(floor(x * 86400000e0 + 0.5e0) AS BIGINT) - 210866760000000) END`,
	`_sl_unix_moment(x) AS CASE WHEN x >= -210866760000e0 AND x <= 253402300799e0 THEN epoch_ms(CAST(floor(x * 1000e0 + 0.5e0) AS BIGINT)) END`,
	`_sl_unix_seconds(x) AS CASE WHEN x BETWEEN -210866760000 AND 253402300799 THEN make_timestamp(x * 1000000) END`,
	`_sl_auto_moment(x) AS CASE WHEN x >= 0 AND x < 5373484.5e0 THEN _sl_julian_moment(x) ELSE _sl_unix_moment(x) END`,
	`_sl_is_plain(x) AS (substr(x, 5, 1) = '-' AND substr(x, 8, 1) = '-' AND substr(x, 9, 2) <= '28'
		AND (strlen(x) = 10 OR ((strlen(x) = 19 OR (strlen(x) = 20 AND substr(x, 20, 1) = 'Z') OR (strlen(x) = 24 AND substr(x, 20, 1) = '.' AND substr(x, 24, 1) = 'Z'))
			AND substr(x, 11, 1) IN (' ', 'T') AND substr(x, 14, 1) = ':' AND substr(x, 17, 1) = ':' AND substr(x, 12, 2) < '24' AND substr(x, 18, 2) < '60')))`,
	`_sl_text_moment(x) AS CASE WHEN x IS NULL THEN NULL
		WHEN _sl_is_plain(x) AND TRY_CAST(x AS TIMESTAMP) IS NOT NULL THEN TRY_CAST(x AS TIMESTAMP)
		ELSE _sl_any_text_moment(x) END`,
	`_sl_any_text_moment(x) AS ${withArguments(
		{ x: 'x' },
		`CASE
		WHEN regexp_full_match(p.x, '\\d{4}-\\d{2}-\\d{2}[T\\t-\\r ]*') THEN _sl_day(p.x)
		WHEN regexp_full_match(p.x, '\\d{4}-\\d{2}-\\d{2}[T\\t-\\r ]*${TIME}[\\t-\\r ]*(?:${ZONE})?[\\t-\\r ]*') THEN _sl_day(p.x)
			+ _sl_time(regexp_extract(p.x, '^.{10}[T\\t-\\r ]*(${TIME})', 1))
			+ _sl_zone(regexp_extract(p.x, '^.{10}[T\\t-\\r ]*${TIME}[\\t-\\r ]*(${ZONE})?[\\t-\\r ]*$', 1))
		WHEN regexp_full_match(p.x, '${TIME}[\\t-\\r ]*(?:${ZONE})?[\\t-\\r ]*') THEN TIMESTAMP '2000-01-01'
			+ _sl_time(regexp_extract(p.x, '^(${TIME})', 1))
			+ _sl_zone(regexp_extract(p.x, '^${TIME}[\\t-\\r ]*(${ZONE})?[\\t-\\r ]*$', 1))
		WHEN lower(p.x) = 'now' OR p.x[1] = '-' THEN error('sqlake: a date before the year 0, or ''now'' in a column')::TIMESTAMP
		ELSE _sl_julian_moment(_sl_whole_number(p.x)) END`,
	)}`,
	`_sl_whole_number(x) AS CASE WHEN regexp_full_match(x, '[\\t-\\r ]*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[\\t-\\r ]*')
		THEN _sl_parse_real(trim(x, chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || ' ')) END`,
	`_sl_add_months(t, n) AS date_trunc('month', t) + to_months(n) + (t - date_trunc('month', t))`,
	// What can be printed: SQLite writes years before 0 in its own way.
	`_sl_moment(t) AS CASE WHEN t < TIMESTAMP '0000-01-01' THEN error('sqlake: a date before the year 0')::TIMESTAMP
		WHEN t < TIMESTAMP '10000-01-01' THEN t END`,
	`_sl_unixepoch(t) AS CAST(floor(epoch_ms(t) / 1000e0) AS BIGINT)`,
	`_sl_julianday(t) AS ((epoch_ms(t) + 210866760000000) / 86400000e0)`,
]
