/**
 * Holds a project open, and goes over to the next version of it.
 *
 * @module
 */
import { SQLakeError } from '../../errors.ts'
import { mapLimit } from '../../lake/map-limit.ts'
import type { LocalRouter } from '../../local/local-router.ts'
import { CurrentRouter } from './current-router.ts'
import type { LocalProject } from './local-project.ts'
import { openRouter, type RouterPlaces } from './open-router.ts'
import { findSchemaDrift } from './schema-drift.ts'

/** What became of a reload. */
export interface Reloaded {
	/** False where the project is what it was. */
	readonly changed: boolean
	/** Tags of the migrations that are new. */
	readonly migrations: readonly string[]
	/** Shards that are on the new version now. */
	readonly shards: number
	/** Of shards that did not go along; each query to one of them fails with it. */
	readonly failures: readonly unknown[]
}

/** Shards that are migrated at the same time. */
const CONCURRENCY = 4

/** A project that is served. */
export class ProjectHost {
	readonly current: CurrentRouter<LocalRouter>
	readonly #places: RouterPlaces
	#project: LocalProject
	#problem: unknown = null

	private constructor(project: LocalProject, places: RouterPlaces) {
		this.#project = project
		this.#places = places
		this.current = new CurrentRouter(openRouter(project, places))
	}

	/**
	 * Opens a project.
	 *
	 * @throws SQLakeError MIGRATION_PENDING where the schema has what no migration makes, and what {@link findSchemaDrift} throws
	 */
	static async open(project: LocalProject, places: RouterPlaces): Promise<ProjectHost> {
		await check(project)
		return new ProjectHost(project, places)
	}

	get project(): LocalProject {
		return this.#project
	}

	/** Why the newest version of the project is not the one that is served; null where it is. */
	get problem(): unknown {
		return this.#problem
	}

	/**
	 * Loads the project afresh and goes over to it: requests that run are waited for, then every shard is migrated, unless the
	 * policy is never to.
	 *
	 * @throws what `load` throws, and SQLakeError where what it loads cannot be served; the version before goes on
	 */
	async reload(load: () => Promise<LocalProject>): Promise<Reloaded> {
		try {
			const reloaded = await this.#replace(await load())
			this.#problem = null
			return reloaded
		} catch (error) {
			this.#problem = error
			throw error
		}
	}

	/**
	 * Opens every shard, so that it is migrated and delivers what an earlier process left in it.
	 *
	 * @returns what went wrong; a shard that does not migrate goes on as it is
	 */
	async openShards(): Promise<readonly unknown[]> {
		return this.current.use(async (router) => migrate(router, await router.shards()))
	}

	async #replace(next: LocalProject): Promise<Reloaded> {
		const before = this.#project
		if (fingerprint(next) === fingerprint(before)) {
			this.#project = next
			return { changed: false, migrations: [], shards: 0, failures: [] }
		}
		await check(next)
		let reloaded: Reloaded | undefined
		await this.current.replace(async (router) => {
			const names = await router.shards()
			if (names.length > 0 && (next.source === 'schema' || before.source === 'schema')) throw needsMigrations(next)
			await router.close()
			const opened = openRouter(next, this.#places)
			const failures = this.#places.migrationPolicy === 'never' ? [] : await migrate(opened, names)
			const [failure] = failures
			if (failure !== undefined && failures.length === names.length) {
				// None went along: all of them still fit what was served before.
				await opened.close()
				reloaded = { changed: false, migrations: [], shards: 0, failures }
				return openRouter(before, this.#places)
			}
			this.#project = next
			reloaded = { changed: true, migrations: newTags(before, next), shards: names.length - failures.length, failures }
			return opened
		})
		if (reloaded === undefined) throw new SQLakeError('INTERNAL', 'reload: expected an outcome, found none')
		if (!reloaded.changed) throw reloaded.failures[0]
		return reloaded
	}
}

/** Migrates every shard but those that were rolled back on purpose; returns what went wrong. */
async function migrate(router: LocalRouter, names: readonly string[]): Promise<readonly unknown[]> {
	const failures: unknown[] = []
	await mapLimit(
		names,
		async (name) => {
			try {
				const { state } = await router.migrationStatus(name)
				if (state !== 'current' && state !== 'held') await router.migrate(name)
			} catch (error) {
				failures.push(error)
			}
		},
		CONCURRENCY,
	)
	return failures
}

/** @throws SQLakeError MIGRATION_PENDING */
async function check(project: LocalProject): Promise<void> {
	const drift = await findSchemaDrift(project)
	const [first, ...more] = drift
	if (first === undefined) return
	const others = more.length === 0 ? '' : `, and ${more.length} more ${more.length === 1 ? 'difference' : 'differences'}`
	throw new SQLakeError('MIGRATION_PENDING', `the schema is ahead of the migrations: ${first}${others}`, {
		hint: 'write the migration: sqlake generate',
		details: { drift },
	})
}

function needsMigrations({ source }: LocalProject): SQLakeError {
	return new SQLakeError(
		'MIGRATION_PENDING',
		source === 'schema'
			? 'the schema changed, and its shards were made from the schema before, without migrations'
			: 'there are migrations now, and the shards were made from the schema, without them',
		{ hint: 'keep migrations from the first one on: sqlake generate, then start with an empty --db directory' },
	)
}

function newTags(before: LocalProject, next: LocalProject): readonly string[] {
	const known = new Set(tagsOf(before))
	return tagsOf(next).filter((tag) => !known.has(tag))
}

function tagsOf({ migrations }: LocalProject): readonly string[] {
	if (migrations === undefined) return []
	return ('journal' in migrations ? migrations.journal.entries : migrations.migrations).map(({ tag }) => tag)
}

/** Equal for projects that are served alike. */
function fingerprint({ schema, migrations, source, location }: LocalProject): string {
	const { tables, ...rest } = schema.lake
	return JSON.stringify([[...tables.values()], rest, migrations, source, location])
}
