import fc from 'fast-check'

/** Ways to write the name of a file, or a function that reads it. */
const wrapped = (path: string) => [
	`'${path}'`,
	`"${path}"`,
	`read_text('${path}')`,
	`"read_text"('${path}')`,
	`system.main.read_blob('${path}')`,
	`read_csv(['${path}'], header => false)`,
	`read_parquet('${path}')`,
	`glob('${path}')`,
	`query('FROM ''${path}''')`,
	`query_table(['${path}'])`,
	`json_execute_serialized_sql(json_serialize_sql($$FROM '${path}'$$))`,
	`duckdb_settings()`,
	`duckdb_views()`,
	`enable_profiling(format = 'json', save_location = '${path}.json')`,
	`enable_logging(storage = 'file', storage_path = '${path}')`,
]

/**
 * Statements in DuckDB's dialect that try to read a file: sub-queries, set operations, common table expressions and comments around
 * a relation, with what was a way in before.
 */
export function foreignStatement(paths: readonly string[]): fc.Arbitrary<string> {
	const relation = fc.constantFrom('own', 'range(3)', "(VALUES ('x'))", ...paths.flatMap(wrapped))
	const gap = fc.constantFrom(' ', '\n', '/* FROM own */', ' -- x\n', '\t')
	const { query } = fc.letrec<{ query: string; source: string }>((tie) => ({
		source: fc.oneof(
			{ maxDepth: 3, withCrossShrink: true },
			relation,
			tie('query').map((query) => `(${query})`),
			fc.tuple(tie('source'), tie('source')).map(([a, b]) => `(${a} CROSS JOIN ${b})`),
			tie('source').map((source) => `LATERAL (FROM ${source})`),
		),
		query: fc.oneof(
			{ maxDepth: 3, withCrossShrink: true },
			fc.tuple(gap, tie('source')).map(([space, source]) => `SELECT${space}*${space}FROM${space}${source}`),
			tie('source').map((source) => `FROM ${source}`),
			relation.map((name) => `TABLE ${name}`),
			relation.map((name) => `SELECT (TABLE ${name})`),
			relation.map((name) => `SELECT *, 1FROM ${name}`),
			relation.map((name) => `SUMMARIZE ${name}`),
			relation.map((name) => `DESCRIBE ${name}`),
			fc
				.tuple(tie('query'), fc.constantFrom('UNION ALL', 'EXCEPT', 'UNION BY NAME', 'INTERSECT'), tie('query'))
				.map(([a, operator, b]) => `${a} ${operator} ${b}`),
			fc.tuple(relation, tie('query')).map(([name, query]) => `WITH ${name.replace(/\W/g, '_')} AS (${query}) FROM ${name}`),
			tie('query').map((query) => `SELECT (${query}), EXISTS (${query})`),
			tie('query').map((query) => `WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL (SELECT a + 1 FROM r WHERE a < 3)) ${query}`),
			fc.tuple(tie('query'), tie('query')).map(([a, b]) => `${a}; ${b}`),
			tie('query').map((query) => `COPY (${query}) TO '${paths[0]}.out'`),
			tie('query').map((query) => `CREATE MACRO left_behind() AS TABLE ${query}`),
			tie('query').map((query) => `PREPARE p AS ${query}`),
		),
	}))
	return query
}
