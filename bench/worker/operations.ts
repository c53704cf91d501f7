import { flightValues, INSERT_FLIGHT } from './schema.ts'

export type Operation = 'insert' | 'update' | 'delete'

/** What an operation cost. */
export interface OperationCost {
	/** Milliseconds. */
	readonly elapsed: number
	readonly rowsWritten: number
}

/** Runs one statement for each of `count` flights, in one transaction. */
export function operate(storage: DurableObjectStorage, operation: Operation, count: number): OperationCost {
	const { sql } = storage
	let rowsWritten = 0
	const start = performance.now()
	storage.transactionSync(() => {
		for (let id = 1; id <= count; id++) {
			if (operation === 'insert') rowsWritten += sql.exec(INSERT_FLIGHT, ...flightValues(id)).rowsWritten
			else if (operation === 'update') {
				rowsWritten += sql.exec('UPDATE flights SET delay = ?, price = ? WHERE id = ?', id % 100, id / 7, id).rowsWritten
			} else rowsWritten += sql.exec('DELETE FROM flights WHERE id = ?', id).rowsWritten
		}
	})
	return { elapsed: performance.now() - start, rowsWritten }
}
