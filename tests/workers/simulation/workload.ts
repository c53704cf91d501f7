import { shardOf } from './harness.ts'

/** Changes of two tables: several flights of several files each, with every kind of change. */
export async function workload(name: string, round: number): Promise<void> {
	const shard = shardOf(name)
	// Apart by more than the clock's grain: changes of one moment are never cut, and the number of flights would vary.
	const write = async (...statements: string[]): Promise<void> => {
		await shard.write(...statements)
		await new Promise((resolve) => setTimeout(resolve, 2))
	}
	const id = (n: number) => round * 100 + n
	for (let n = 0; n < 3; n++) {
		await write(
			`INSERT INTO accounts VALUES (${id(n)}, 'owner ${n}', ${n}.5)`,
			`INSERT INTO entries VALUES ('${id(n)}', ${id(n)}, NULL), ('${id(n)}b', ${id(n)}, 'note')`,
		)
	}
	await write(`UPDATE accounts SET balance = balance + 1`, `DELETE FROM entries WHERE note IS NULL`)
	await write(`UPDATE entries SET id = id || '!'`, `INSERT OR REPLACE INTO accounts VALUES (${id(0)}, 'replaced', 0)`)
}
