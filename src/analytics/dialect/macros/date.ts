/**
 * Macros for dates and times. A moment is a TIMESTAMP; NULL for a value that only SQLite's own rules tell, and for NULL.
 *
 * @module
 */

/** A day that exists in every year. */
const DATE =
	'\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))'
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{3})?Z?'

export const DATE_MACROS: readonly string[] = [
	// A text that is plainly a moment, written out in full, in UTC, as YYYY-MM-DD HH:MM:SS.
	`_sl_iso(x) AS CASE WHEN _sl_is_iso(x) THEN CASE WHEN strlen(x) = 10 THEN x || ' 00:00:00' ELSE substr(x, 1, 10) || ' ' || substr(x, 12, 8) END END`,
	`_sl_is_iso(x) AS regexp_full_match(x, '${DATE}(?:[ T]${TIME})?')`,
	// The date of such a text: there is no time of day to complete.
	`_sl_iso_date(x) AS CASE WHEN _sl_is_iso(x) THEN x END`,
	`_sl_moment(x) AS CAST(_sl_iso(x) AS TIMESTAMP)`,
	// With room to be moved in.
	`_sl_movable_moment(x) AS CASE WHEN x BETWEEN '0200' AND '97' THEN _sl_moment(x) END`,
	// Without parts of a second.
	`_sl_whole_moment(x) AS CASE WHEN strlen(x) <= 20 THEN _sl_movable_moment(x) END`,
	`_sl_unix_moment(x) AS CASE WHEN x BETWEEN -50000000000e0 AND 230000000000e0
		THEN epoch_ms(CAST(trunc(x * 1000e0 + 210866760000000e0 + 0.5e0) AS BIGINT) - 210866760000000) END`,
	`_sl_unix_seconds(x) AS CASE WHEN x BETWEEN -50000000000 AND 230000000000 THEN make_timestamp(x * 1000000) END`,
	`_sl_add_months(t, n) AS date_trunc('month', t) + to_months(n) + (t - date_trunc('month', t))`,
	`_sl_unixepoch(t) AS CAST(floor(epoch_ms(t) / 1000e0) AS BIGINT)`,
	`_sl_julianday(t) AS ((epoch_ms(t) + 210866760000000) / 86400000e0)`,
]
