/** What one check found. */
export interface Check {
	/** What was looked at, such as `wrangler` or `shards`. */
	readonly area: string
	readonly status: 'ok' | 'warn' | 'fail'
	readonly message: string
	/** What to do; null where nothing needs to be done. */
	readonly hint: string | null
}

/** Collects the checks of one area. */
export class Checks {
	readonly area: string
	readonly found: Check[] = []

	constructor(area: string) {
		this.area = area
	}

	ok(message: string): void {
		this.found.push({ area: this.area, status: 'ok', message, hint: null })
	}

	/** Something that works, and may not be what is wanted. */
	warn(message: string, hint: string): void {
		this.found.push({ area: this.area, status: 'warn', message, hint })
	}

	/** Something that does not work. */
	fail(message: string, hint: string): void {
		this.found.push({ area: this.area, status: 'fail', message, hint })
	}
}
