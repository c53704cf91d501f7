/**
 * Macros for dates and times. A moment is a TIMESTAMP; NULL for a value that only SQLite's own rules tell, and for NULL.
 *
 * @module
 */

/** A digit, by its place. */
const isDigit = (place: number) => `x[${place}] BETWEEN '0' AND '9'`

export const DATE_MACROS: readonly string[] = [
	// A text that is plainly a moment, as YYYY-MM-DD HH:MM:SS: of a day that exists, written out in full, in UTC. What DuckDB reads
	// and writes again in the same way is.
	`_sl_iso(x) AS CASE
		WHEN strlen(x) = 10 THEN CASE WHEN CAST(TRY_CAST(x AS DATE) AS VARCHAR) = x THEN x || ' 00:00:00' END
		WHEN strlen(x) IN (19, 20) THEN CASE WHEN substr(x, 11, 1) IN (' ', 'T') AND substr(x, 20) IN ('', 'Z') THEN _sl_same_moment(substr(x, 1, 10) || ' ' || substr(x, 12, 8)) END
		WHEN strlen(x) IN (23, 24) THEN CASE WHEN substr(x, 11, 1) IN (' ', 'T') AND substr(x, 20, 1) = '.' AND substr(x, 24) IN ('', 'Z')
			AND ${isDigit(21)} AND ${isDigit(22)} AND ${isDigit(23)} THEN _sl_same_moment(substr(x, 1, 10) || ' ' || substr(x, 12, 8)) END END`,
	`_sl_same_moment(x) AS CASE WHEN CAST(TRY_CAST(x AS TIMESTAMP) AS VARCHAR) = x THEN x END`,
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
