import type { SQLakeDrizzle } from 'sqlake'
import { lakeSummary } from './lake-summary.ts'
import { isQuestion, type Moments, questions } from './questions.ts'
import type { db as schema } from './schema.ts'
import type { Env } from './worker.ts'
import { addAirports, addFlights, applyChanges } from './writes.ts'

/** What every route works with. */
export interface Context {
	readonly env: Env
	readonly db: SQLakeDrizzle<typeof schema>
}

/** Answers one request: the writes, the questions, and what the lake looks like. */
export async function handle(request: Request, context: Context): Promise<Response> {
	const url = new URL(request.url)
	const [, area = '', name = ''] = url.pathname.split('/')
	switch (`${request.method} ${area}`) {
		case 'POST airports':
			return Response.json(await addAirports(context.db, await request.json()))
		case 'POST flights':
			return Response.json(await addFlights(context.db, await request.json()))
		case 'POST changes':
			return Response.json(await applyChanges(context.db, await request.json()))
		case 'POST waiting':
			return Response.json(await waitingChanges(context.env, await request.json()))
		case 'GET lake':
			return Response.json(await lakeSummary(context.env))
		case 'GET questions': {
			if (!isQuestion(name)) return Response.json({ error: `no question ${name}` }, { status: 404 })
			return Response.json(await questions[name](context, momentsOf(url)))
		}
		default:
			return Response.json({ error: `no route ${request.method} ${url.pathname}` }, { status: 404 })
	}
}

/** How many changes of the given airports are not in the lake yet. */
async function waitingChanges(env: Env, airports: readonly string[]): Promise<{ waiting: number; errors: string[] }> {
	const metrics = await Promise.all(
		airports.map((iata) => env.AIRPORT_DO.get(env.AIRPORT_DO.idFromName(iata)).getCDCFlushMetrics()),
	)
	return {
		waiting: metrics.reduce((sum, { buffered }) => sum + buffered, 0),
		errors: [...new Set(metrics.flatMap(({ lastError }) => (lastError ? [String(lastError)] : [])))],
	}
}

function momentsOf(url: URL): Moments {
	return { before: Number(url.searchParams.get('before')), after: Number(url.searchParams.get('after')) }
}
