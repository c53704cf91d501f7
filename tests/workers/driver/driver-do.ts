import { DurableObject } from 'cloudflare:workers'
import type { ExecuteRequest, ExecuteResponse, SQLakeDurableObjectRpc } from '../../../src/driver/transport.ts'
import { type Envelope, packAnswer } from '../../../src/errors.ts'
import { executeStatements } from '../../../src/shard/execute-statements.ts'
import { validateRequest } from '../../../src/shard/validate-request.ts'
import { ddl } from './schema.ts'

/** A shard without capture: it answers the driver from its own SQLite, and counts calls in place of changes. */
export class DriverDO extends DurableObject implements SQLakeDurableObjectRpc {
	#calls = 0

	constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
		super(ctx, env)
		for (const statement of ddl) ctx.storage.sql.exec(statement.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'))
	}

	async sqlakeExecute(request: ExecuteRequest): Promise<Envelope<ExecuteResponse>> {
		return packAnswer('sqlakeExecute', () => {
			const shard = this.ctx.id.name ?? ''
			const { statements, readOnly } = validateRequest(request, shard)
			const results = this.ctx.storage.transactionSync(() => executeStatements(this.ctx.storage, statements, readOnly))
			const wrote = results.some(({ rowsWritten }) => rowsWritten > 0)
			return { results, bookmark: wrote ? { shard, seq: BigInt(++this.#calls), epoch: 1 } : null }
		})
	}

	/** The least that a call can do: what a routed point read is measured against. */
	bareRead(id: string): unknown[] {
		return [...this.ctx.storage.sql.exec('SELECT id, email, plan, created_at FROM users WHERE id = ?', id)]
	}

	/** Breaks the object, as a deployment does. */
	break(): void {
		this.ctx.abort('broken by a test')
	}
}
