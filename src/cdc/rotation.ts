import { BUFFER, bufferTable, lastPosition, resetBuffer, widthOf } from './buffer.ts'
import { firstNumber } from './query.ts'

const KEPT = '_cdc_kept'

/**
 * Rows that a rotation writes besides the rows it keeps: two for each CREATE TABLE in `sqlite_schema`, one for the seed row.
 * DROP TABLE writes none, however many rows the table holds (measured in workerd), while DELETE writes one for each row, with
 * or without WHERE.
 */
const ROTATION_ROWS = 5

/**
 * Drops the rows of the buffer up to a position, in the way that writes fewer rows: a rotation copies the newer rows twice and
 * drops the table, a DELETE writes a row for each one it removes. Triggers are bound to the buffer by its name and go on
 * working after a rotation. Call it inside a transaction.
 *
 * @param toSeq - the last position to drop
 */
export function dropDelivered(sql: SqlStorage, toSeq: number): void {
	const delivered = firstNumber(sql, `SELECT count(*) FROM ${BUFFER} WHERE seq <= ?`, 0, toSeq)
	if (delivered === 0) return
	const kept = firstNumber(sql, `SELECT count(*) FROM ${BUFFER} WHERE seq > ?`, 0, toSeq)
	if (kept > 0 && delivered <= 2 * kept + ROTATION_ROWS) {
		sql.exec(`DELETE FROM ${BUFFER} WHERE seq <= ?`, toSeq)
		return
	}
	const width = widthOf(sql, BUFFER)
	if (kept === 0) {
		resetBuffer(sql, width, lastPosition(sql))
		return
	}
	sql.exec(bufferTable(KEPT, width))
	sql.exec(`INSERT INTO ${KEPT} SELECT * FROM ${BUFFER} WHERE seq > ?`, toSeq)
	resetBuffer(sql, width, 0)
	sql.exec(`INSERT INTO ${BUFFER} SELECT * FROM ${KEPT}`)
	sql.exec(`DROP TABLE ${KEPT}`)
}
