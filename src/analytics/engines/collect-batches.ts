/**
 * A stream of batches as one result.
 *
 * @module
 */
import type { EngineBatch, EngineResult, EngineValue } from '../query-engine.ts'

/** Takes all batches of a query. @throws what they throw. */
export async function collectBatches(batches: AsyncIterable<EngineBatch>): Promise<EngineResult> {
	const rows: (readonly EngineValue[])[] = []
	let columns: readonly string[] = []
	let bytesRead = 0
	for await (const batch of batches) {
		columns = batch.columns
		bytesRead += batch.bytesRead
		for (const row of batch.rows) rows.push(row)
	}
	return { columns, rows, bytesRead }
}
