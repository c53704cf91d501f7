import type { ConstructGroup } from './construct.ts'
import { EXPRESSIONS } from './expressions.ts'
import { DATES, FUNCTIONS } from './functions.ts'
import { JSON_CASES } from './json.ts'
import { OPERATORS } from './operators.ts'
import { AGGREGATES, QUERIES, WINDOWS } from './queries.ts'

export const GROUPS: readonly ConstructGroup[] = [
	QUERIES,
	OPERATORS,
	FUNCTIONS,
	JSON_CASES,
	DATES,
	AGGREGATES,
	WINDOWS,
	EXPRESSIONS,
]
