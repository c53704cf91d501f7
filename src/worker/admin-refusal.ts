import { SQLakeError } from '../errors.ts'

/** A request that the admin handler refuses before anything is done, with the status that says so. */
export class AdminRefusal extends SQLakeError {
	readonly status: number
	readonly headers: Readonly<Record<string, string>>

	constructor(status: number, message: string, options: { hint?: string; headers?: Readonly<Record<string, string>> } = {}) {
		super('ADMIN_REFUSED', message, { hint: options.hint })
		this.status = status
		this.headers = options.headers ?? {}
	}
}
