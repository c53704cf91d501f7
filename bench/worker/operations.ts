import { flightValues, INSERT_FLIGHT } from './schema.ts'

export type Operation = 'insert' | 'update' | 'delete'

/** What an operation cost. */
export interface OperationCost {
	/** Milliseconds. */
	readonly elapsed: number
	readonly rowsWritten: number
}

const statements: Readonly<Record<Operation, { sql: string; params: (id: number) => (string | number | null)[] }>> = {
	insert: { sql: INSERT_FLIGHT, params: flightValues },
	update: { sql: 'UPDATE flights SET delay = ?, price = ? WHERE id = ?', params: (id) => [id % 100, id / 7, id] },
	delete: { sql: 'DELETE FROM flights WHERE id = ?', params: (id) => [id] },
}

/** Runs one statement for each of `count` flights, in one transaction. What is bound is made before. */
export function operate(storage: DurableObjectStorage, operation: Operation, count: number): OperationCost {
	const { sql, params } = statements[operation]
	const bindings = Array.from({ length: count }, (_, i) => params(i + 1))
	let rowsWritten = 0
	const start = performance.now()
	storage.transactionSync(() => {
		for (const values of bindings) rowsWritten += storage.sql.exec(sql, ...values).rowsWritten
	})
	return { elapsed: performance.now() - start, rowsWritten }
}
