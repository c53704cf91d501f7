import { SQLakeError, type SQLakeErrorCode } from '../../errors.ts'

/**
 * A fault of the service itself, or of the way to it: it does not answer, refuses the token, or its answer breaks off. What a query
 * ends with inside the service crosses as it is, as an {@link SQLakeError} of its own code.
 */
export class DuckDBServiceError extends SQLakeError {
	/** Status of the answer; null where there was none. */
	readonly status: number | null

	constructor(
		message: string,
		status: number | null,
		options: { readonly code?: SQLakeErrorCode; readonly cause?: unknown } = {},
	) {
		super(options.code ?? 'ANALYTICS_UNAVAILABLE', `analytics service: ${message}`, {
			hint: status === 401 ? 'Give createDuckDBServiceClient() the token of the service.' : 'Try again: a lake query only reads.',
			cause: options.cause,
			details: { status },
		})
		this.name = 'DuckDBServiceError'
		this.status = status
	}
}
