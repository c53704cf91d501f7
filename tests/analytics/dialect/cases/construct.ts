/** A construct or function of SQLite with queries that show what the lake makes of it. `docs/dialect.md` is made from them. */
export interface Construct {
	readonly name: string
	/** Queries with SQLite's answer. */
	readonly same?: readonly string[]
	/** Queries that end in DIALECT_UNSUPPORTED. */
	readonly refused?: readonly string[]
	/** What to know about it, for the documentation. */
	readonly note?: string
}

/** Constructs of one kind. */
export interface ConstructGroup {
	readonly title: string
	readonly constructs: readonly Construct[]
}
