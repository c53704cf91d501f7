/**
 * How long a statement is once DuckDB has written out the macros in it, which it does before it looks at anything else.
 *
 * @module
 */

/** A length as a sum: of what is there anyway, and of each argument as often as it is written. */
interface WrittenLength {
	readonly own: number
	readonly times: readonly number[]
}

/** A call or a list of which the end was not yet read. */
interface OpenList {
	/** Null for what is no macro. */
	readonly macro: WrittenLength | null
	readonly before: number[]
	readonly items: number[][]
}

/** Literals and quoted names, names, brackets, and what stands between them. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_]\w*|[(),[\]{}]|[^'"\w(),[\]{}]+|\w+|./gs

const DEFINITION = /^\w+\(([^)]*)\) AS (.*)$/s

/** Reads statements that were printed for the engine, over macros of which each names only those that do not name it. */
export class WrittenLengths {
	readonly #macros: ReadonlyMap<string, string>
	readonly #known = new Map<string, WrittenLength | null>()

	/** @param macros Definitions by name, as `name(a, b) AS body`. */
	constructor(macros: ReadonlyMap<string, string>) {
		this.#macros = macros
	}

	/** Characters of a statement with all macros written out, arguments as often as they are named; Infinity or NaN beyond counting. */
	of(sql: string): number {
		return this.#read(sql, []).own
	}

	#ofMacro(name: string): WrittenLength | null {
		const known = this.#known.get(name)
		if (known !== undefined) return known
		const [, parameters, body] = DEFINITION.exec(this.#macros.get(name) ?? '') ?? []
		const found = parameters === undefined || body === undefined ? null : this.#read(body, parameters.split(/,\s*/))
		this.#known.set(name, found)
		return found
	}

	/** One pass with a list of what is open: nothing calls itself for what is nested. */
	#read(sql: string, parameters: readonly string[]): WrittenLength {
		const nothing = () => [0, ...parameters.map(() => 0)]
		const open: OpenList[] = []
		let sum = nothing()
		let previous = ''
		for (const [token] of sql.matchAll(TOKEN)) {
			if (token === '(' || token === '[' || token === '{') {
				open.push({ macro: token === '(' ? this.#ofMacro(previous) : null, before: sum, items: [] })
				sum = nothing()
			} else if (token === ',' && open.length > 0) {
				open.at(-1)?.items.push(sum)
				sum = nothing()
			} else if (token === ')' || token === ']' || token === '}') {
				const { macro = null, before = nothing(), items = [] } = open.pop() ?? {}
				const all = [...items, sum]
				sum = before
				add(sum, [macro?.own ?? 2])
				for (const [i, item] of all.entries()) add(sum, item, macro?.times[i] ?? 1)
			} else {
				const place = parameters.indexOf(token) + 1
				add(sum, place === 0 ? [token.length] : [...nothing().slice(0, place), 1])
			}
			previous = token
		}
		const [own = 0, ...times] = sum
		return { own, times }
	}
}

function add(sum: number[], others: readonly number[], times = 1): void {
	for (const [i, other] of others.entries()) sum[i] = (sum[i] ?? 0) + other * times
}
