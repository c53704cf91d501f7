import { setQueryRouter, sql, WorkerRouter } from 'sqlake'
import { getDashboardStats, getNewOrders, getUsersWithOrders } from './analytics.ts'
import { db } from './schema.ts'
import type { Env } from './user-do.ts'

export { UserDO } from './user-do.ts'

export default {
	async fetch(request: Request, env: Env): Promise<Response> {
		setQueryRouter(new WorkerRouter(env, { schema: db }))
		const url = new URL(request.url)
		switch (url.pathname) {
			case '/dashboard':
				return Response.json(await getDashboardStats())
			case '/users':
				return Response.json(await getUsersWithOrders(url.searchParams.get('plan') ?? 'free'))
			case '/changes':
				return Response.json(await getNewOrders(Number(url.searchParams.get('since'))))
			case '/user':
				return answerUser(request, url, env)
			default:
				return new Response('Not found', { status: 404 })
		}
	},
} satisfies ExportedHandler<Env>

/** What concerns one user goes to their Durable Object. */
async function answerUser(request: Request, url: URL, env: Env): Promise<Response> {
	const userId = url.searchParams.get('userId')
	if (!userId) return new Response('Missing userId', { status: 400 })
	const user = env.USER_DO.get(env.USER_DO.idFromName(userId))
	if (request.method === 'POST') {
		const { email, plan, orders = [] } = await request.json<NewUser>()
		await user.createUser(userId, email)
		if (plan !== undefined) await user.updatePlan(userId, plan)
		for (const { id, amount, status } of orders) await user.createOrder(id, amount, status)
		// A visitor of an example is impatient; by itself the object delivers within a minute.
		await user.flush()
	}
	return Response.json({
		user: await sql`SELECT * FROM users WHERE id = ${userId}`.first(),
		orders: await user.getOrders(),
		status: await user.getStatus(),
	})
}

interface NewUser {
	email: string
	plan?: string
	orders?: { id: string; amount: number; status: string }[]
}
