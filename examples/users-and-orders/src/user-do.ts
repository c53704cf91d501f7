import { SQLakeDO, type SQLakeWorkerEnv } from 'sqlake/do'
import { db, type Order, type User } from './schema.ts'

export interface Env extends SQLakeWorkerEnv {
	USER_DO: DurableObjectNamespace<UserDO>
	SQLAKE_BUCKET: R2Bucket
}

/** One user, with their orders. The tables come from the manifest that `sqlake push` put into the bucket. */
export class UserDO extends SQLakeDO<Env> {
	schema = db

	async getUser(id: string) {
		return this.sql<User>`SELECT * FROM users WHERE id = ${id}`.first()
	}

	async createUser(id: string, email: string) {
		await this.sql`INSERT INTO users (id, email) VALUES (${id}, ${email})`.run()
		return { id, email }
	}

	async updatePlan(id: string, plan: string) {
		await this.sql`UPDATE users SET plan = ${plan} WHERE id = ${id}`.run()
	}

	async createOrder(orderId: string, amount: number, status: string) {
		const userId = this.ctx.id.name
		await this.sql`
			INSERT INTO orders (id, user_id, amount, status, created_at)
			VALUES (${orderId}, ${userId}, ${amount}, ${status}, ${Date.now()})
		`.run()
	}

	async getOrders() {
		const userId = this.ctx.id.name
		return this.sql<Pick<Order, 'id' | 'amount' | 'status'>>`
			SELECT id, amount, status FROM orders
			WHERE user_id = ${userId}
			ORDER BY created_at DESC, id
		`.all()
	}

	getStatus() {
		return {
			migrations: this.getMigrationStatus(),
			lastMigration: this.getLastMigrationResult(),
			cdc: this.getCDCFlushMetrics(),
		}
	}
}
