import { env, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import type { MigrationHooks } from '../../../src/migrator/run-script.ts'
import { addAge, initial } from './objects.ts'
import { rows, runnerOf, type TestMigration } from './support.ts'

const migrations: TestMigration[] = [initial, 'CREATE TABLE middle (id)', addAge, 'CREATE TABLE last (id)']

const nothing: MigrationHooks = {
	settle: () => {},
	dropColumn: () => {},
	replaceTable: () => {},
	dropTable: () => {},
	finish: () => {},
}

/** Ends the object as a crash does: what was not durable is gone. */
function crash(state: DurableObjectState): never {
	state.abort('crash of a test')
	throw new Error('aborted')
}

let objects = 0

/** An object with rows on the first migration, for a crash and what comes after it. */
async function subject() {
	const name = `crash-${objects++}`
	const inside = <T>(run: (state: DurableObjectState) => T | Promise<T>) =>
		runInDurableObject(env.PLAIN_DO.getByName(name), (_, state) => run(state))
	await inside(async ({ storage }) => {
		await runnerOf(storage, migrations.slice(0, 1)).run()
		storage.sql.exec("INSERT INTO users VALUES ('u', 'e'); INSERT INTO posts VALUES ('p', 'u')")
		await storage.sync()
	})
	return inside
}

/** Hooks that crash at a moment of the migration after which so many are applied. */
function crashingAt(state: DurableObjectState, count: number, moment: keyof MigrationHooks) {
	return (appliedCount: number): MigrationHooks =>
		appliedCount === count ? { ...nothing, [moment]: () => crash(state) } : nothing
}

describe('an object that crashes', () => {
	it.each([
		['before the rows of a rebuilt table are dropped', 3, 'replaceTable'],
		['after the last statement of a rebuild', 3, 'finish'],
		['at the end of a later migration', 4, 'finish'],
	] as const)('%s has all of a migration or nothing, and can go on', async (_, count, moment) => {
		const inside = await subject()
		await expect(
			inside(async (state) => {
				await runnerOf(state.storage, migrations, { hooks: crashingAt(state, count, moment) }).run()
			}),
		).rejects.toThrow('crash of a test')
		await inside(async ({ storage }) => {
			const runner = runnerOf(storage, migrations)
			const { applied, state } = runner.status()
			expect(applied).toHaveLength(count - 1)
			expect(state).toBe('pending')
			expect(rows(storage, 'SELECT id FROM users')).toEqual([['u']])
			expect(rows(storage, 'SELECT * FROM posts')).toEqual([['p', 'u']])
			expect(rows(storage, 'PRAGMA foreign_keys')).toEqual([[1]])
			expect(rows(storage, "SELECT name FROM sqlite_schema WHERE name LIKE '\\_\\_new%' ESCAPE '\\'")).toEqual([])
			await runner.run()
			expect(rows(storage, 'SELECT * FROM users')).toEqual([['u', 'e', 18]])
			expect(rows(storage, 'SELECT * FROM posts')).toEqual([['p', 'u']])
			expect(runner.status().state).toBe('current')
		})
	})

	it('twice in the same migration waits before it tries again, and a third time longer', async () => {
		const inside = await subject()
		const attempt = () =>
			inside(async (state) => {
				const runner = runnerOf(state.storage, migrations, { hooks: crashingAt(state, 2, 'finish') })
				runner.begin()
				await runner.run()
			})
		const look = () => inside(({ storage }) => runnerOf(storage, migrations).begin())
		await expect(attempt()).rejects.toThrow('crash of a test')
		expect(await look()).toMatchObject({ state: 'pending', lastError: null })
		await expect(attempt()).rejects.toThrow('crash of a test')
		const second = await look()
		expect(second).toMatchObject({
			state: 'failed',
			attempts: 2,
			lastError: { tag: '0001_m1', message: expect.stringContaining('the process ended 2 times meanwhile') },
		})
		expect((second.retryAt ?? 0) - (second.lastError?.at ?? 0)).toBe(2_000)
		await expect(attempt()).rejects.toThrow('crash of a test')
		const third = await look()
		expect(third).toMatchObject({ state: 'failed', attempts: 3 })
		expect((third.retryAt ?? 0) - (third.lastError?.at ?? 0)).toBe(4_000)
		await inside(async ({ storage }) => {
			await runnerOf(storage, migrations).run()
			expect(runnerOf(storage, migrations).status()).toMatchObject({ state: 'current', attempts: 0, lastError: null })
		})
	})
})
