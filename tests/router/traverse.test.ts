import { traverse } from 'sqlite3-parser'
import { expect, it } from 'vitest'
import { parseSQL } from '../../src/router/parse-sql.ts'

// A sub-query that the parser's traversal left out would be a table that the router does not know of.
it.each([
	'WITH w(a) AS MATERIALIZED (SELECT 1) SELECT DISTINCT a, t.*, * FROM (SELECT 2) t LEFT JOIN (u JOIN v USING (x)) ON (SELECT 3) WHERE (SELECT 4) GROUP BY (SELECT 5) HAVING (SELECT 6) WINDOW q AS (PARTITION BY (SELECT 7) ORDER BY (SELECT 8)) ORDER BY (SELECT 9) COLLATE NOCASE DESC NULLS LAST LIMIT (SELECT 10) OFFSET (SELECT 11)',
	'SELECT count(DISTINCT (SELECT 1)) FILTER (WHERE (SELECT 2)) OVER (PARTITION BY (SELECT 3) ORDER BY (SELECT 4) ROWS BETWEEN (SELECT 5) PRECEDING AND (SELECT 6) FOLLOWING EXCLUDE TIES), group_concat(a ORDER BY (SELECT 7))',
	'SELECT CASE (SELECT 1) WHEN (SELECT 2) THEN (SELECT 3) ELSE (SELECT 4) END, CAST((SELECT 5) AS TEXT), -(SELECT 6), ((SELECT 7), (SELECT 8)) = (9, 10), a BETWEEN (SELECT 11) AND (SELECT 12), a LIKE (SELECT 13) ESCAPE (SELECT 14), a IN (1, (SELECT 15)), a IN (SELECT 16), a IN f((SELECT 17)), a ISNULL, EXISTS (SELECT 18), (SELECT 19) COLLATE NOCASE, (SELECT 20) NOTNULL',
	'SELECT * FROM json_each((SELECT 1)) AS j, (SELECT 2 UNION ALL SELECT 3 EXCEPT VALUES ((SELECT 4))) NATURAL JOIN x INDEXED BY y',
	'WITH w AS (SELECT 1) INSERT OR REPLACE INTO t (a, b) VALUES ((SELECT 2), 3) ON CONFLICT (a) WHERE (SELECT 4) DO UPDATE SET a = (SELECT 5), (b, c) = (SELECT 6, 7) WHERE (SELECT 8) ON CONFLICT DO NOTHING RETURNING (SELECT 9)',
	'WITH w AS (SELECT 1) UPDATE t AS u SET a = (SELECT 2), (b, c) = ((SELECT 3), 4) FROM (SELECT 5) JOIN x ON (SELECT 6) WHERE (SELECT 7) RETURNING (SELECT 8)',
	'WITH w AS (SELECT 1) DELETE FROM t WHERE (SELECT 2) RETURNING (SELECT 3)',
	'EXPLAIN QUERY PLAN SELECT (SELECT 1)',
])('the traversal of the tree reaches every node: %s', (sql) => {
	const { statement } = parseSQL(sql)
	const reached: string[] = []
	traverse(statement, { enter: (node) => void reached.push(`${node.type} ${node.span.offset}`) })
	expect(reached.sort()).toEqual(nodesOf(statement).sort())
	expect(reached.filter((node) => node.startsWith('Select ')).length).toBeGreaterThan(0)
})

/** Every node, by looking at every property. */
function nodesOf(value: unknown): string[] {
	if (Array.isArray(value)) return value.flatMap(nodesOf)
	if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
	const own = 'type' in value && 'span' in value && isSpan(value.span) ? [`${value.type} ${value.span.offset}`] : []
	return [...own, ...Object.entries(value).flatMap(([key, child]) => (key === 'span' ? [] : nodesOf(child)))]
}

function isSpan(value: unknown): value is { readonly offset: number } {
	return typeof value === 'object' && value !== null && 'offset' in value
}
