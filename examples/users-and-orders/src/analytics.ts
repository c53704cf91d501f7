import { sql } from 'sqlake'
import type { User } from './schema.ts'

/** Over all users, from the lake. */
export async function getDashboardStats() {
	const usersByPlan = await sql.analytics`
		SELECT plan, COUNT(*) as count
		FROM users
		GROUP BY plan
		ORDER BY plan
	`
	const revenueByDay = await sql.analytics`
		SELECT
			DATE(created_at / 1000, 'unixepoch') as date,
			SUM(amount) as revenue,
			COUNT(*) as orders
		FROM orders
		WHERE status = 'completed'
		GROUP BY date
		ORDER BY date DESC
		LIMIT 30
	`
	const topCustomers = await sql.analytics`
		SELECT
			users.id,
			users.email,
			COUNT(orders.id) as order_count,
			SUM(orders.amount) as total_spent
		FROM users
		JOIN orders ON users.id = orders.user_id
		WHERE orders.status = 'completed'
		GROUP BY users.id
		ORDER BY total_spent DESC
		LIMIT 10
	`
	return { usersByPlan, revenueByDay, topCustomers }
}

/** Each user of a plan with what belongs to them: queries that depend on another one run at the same time. */
export function getUsersWithOrders(plan: string) {
	return sql.analytics<User>`SELECT * FROM users WHERE plan = ${plan}`.map(async (user) => ({
		...user,
		recentOrders: await sql.analytics`
			SELECT id, amount FROM orders
			WHERE user_id = ${user.id}
			ORDER BY amount DESC
			LIMIT 5
		`,
		orderStats: await sql.analytics`
			SELECT COUNT(*) as count, SUM(amount) as total
			FROM orders
			WHERE user_id = ${user.id}
		`.first(),
	}))
}

/** What changed since a moment, in milliseconds, and the moment to go on from. */
export async function getNewOrders(since: number) {
	const now = Date.now()
	const changes = await sql.between(since, now)`SELECT _op, _shard, id FROM orders WHERE _op IN ('c', 'u') ORDER BY id`
	return { changes, next: now }
}
