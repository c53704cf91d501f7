/**
 * Macros that let native DuckDB read JSON by itself where its answer is SQLite's: scalars at a plain path of standard JSON. For all
 * other values, and where it finds nothing and does not know why, the engine calls back.
 *
 * @module
 */
import { withArguments } from './let.ts'

export const NATIVE_JSON_MACROS: readonly string[] = [
	// What stands at a path, as DuckDB writes it; NULL where nothing does, or the text is not standard JSON.
	'_sl_json_at(x, q) AS CAST(TRY(json_extract(x, q)) AS VARCHAR)',
	// Whether nothing stands there, for certain.
	'_sl_json_absent(x, q) AS COALESCE(NOT TRY(json_exists(x, q)), FALSE)',
	// A scalar, encoded; NULL for what is to be looked at again.
	`_sl_json_scalar(x, q) AS ${withArguments(
		{ j: '_sl_json_at(x, q)' },
		`CASE p.j[1] WHEN '"' THEN CASE WHEN NOT contains(p.j, '\\') THEN 't' || substr(p.j, 2, length(p.j) - 2) END
			WHEN 't' THEN 'i1' WHEN 'f' THEN 'i0' WHEN 'n' THEN NULL WHEN '[' THEN NULL WHEN '{' THEN NULL
			ELSE CASE WHEN regexp_full_match(p.j, '-?[1-9]\\d{0,17}|0') THEN 'i' || p.j
				WHEN contains(p.j, '.') OR contains(p.j, 'e') THEN 'r' || p.j END END`,
	)}`,
	// Whether a text without anything to escape stands there.
	`_sl_json_is_text(x, q, t) AS ${withArguments(
		{ j: '_sl_json_at(x, q)' },
		`CASE WHEN p.j = t THEN TRUE WHEN p.j <> 'null' THEN FALSE END`,
	)}`,
]
