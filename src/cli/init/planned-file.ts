/** What `init` does with one file. */
export interface PlannedFile {
	/** From the project's directory, with `/`. */
	readonly path: string
	/** `keep`: it is there, and stays as it is. */
	readonly action: 'create' | 'change' | 'overwrite' | 'keep'
	/** What stands there now; null where nothing does. */
	readonly before: string | null
	/** What will stand there. */
	readonly after: string
}

/** All that `init` does, and what it leaves to the user. */
export interface InitPlan {
	readonly files: readonly PlannedFile[]
	/** What must be done by hand. */
	readonly notes: readonly string[]
}
