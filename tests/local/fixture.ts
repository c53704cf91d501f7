import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { LocalRouter, type LocalRouterOptions } from '../../src/local/local-router.ts'
import { schema } from '../contract/query-router.ts'

/** A directory of the test's own, removed at its end. */
export async function temporaryDirectory(): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), 'sqlake-local-'))
	onTestFinished(() => rm(directory, { recursive: true, force: true }))
	return directory
}

/** The places of a router in a directory. */
export function placesIn(directory: string): { readonly db: string; readonly lake: string } {
	return { db: join(directory, 'local.db'), lake: join(directory, 'data') }
}

/** A router on the files of a directory, closed when the test ends. */
export function openRouter(
	directory: string,
	options: Partial<LocalRouterOptions<typeof schema>> = {},
): LocalRouter<typeof schema> {
	const router = new LocalRouter({ schema, ...placesIn(directory), ...options })
	onTestFinished(() => router.close())
	return router
}
