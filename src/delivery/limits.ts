/** Bounds of a delivery. */
export interface DeliveryLimits {
	/** Changes in one flight at most: a flight is in memory as a whole, and an isolate has 128 MB. */
	readonly maxChanges: number
	/** Rows in one data file at most. */
	readonly maxFileRows: number
	/** Uploads that run at once; a Worker may have six connections open. */
	readonly concurrency: number
	/** Milliseconds that one call to the store or the catalog may take. */
	readonly callTimeout: number
	/** Milliseconds after which no further flight is begun. */
	readonly budget: number
}

/** The limits that hold unless others are given. */
export const DEFAULT_DELIVERY_LIMITS: DeliveryLimits = {
	maxChanges: 100_000,
	maxFileRows: 100_000,
	concurrency: 4,
	callTimeout: 30_000,
	budget: 20_000,
}
