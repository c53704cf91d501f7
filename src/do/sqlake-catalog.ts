import { DurableObject } from 'cloudflare:workers'
import type { Envelope } from '../errors.ts'
import { messageOf } from '../errors.ts'
import type {
	FleetRpc,
	FleetSummary,
	ReportAnswer,
	ResumeOptions,
	RollbackOptions,
	Rollout,
	RolloutOptions,
	ShardDetails,
	ShardFilter,
	ShardMigration,
	ShardPage,
	ShardReport,
} from '../fleet/fleet.ts'
import { FleetService } from '../fleet/fleet-service.ts'
import type {
	CommitRequest,
	CommitResult,
	EvolutionResult,
	EvolveOptions,
	PositionOptions,
	ShardPosition,
	TableEvolution,
} from '../lake/catalog/catalog.ts'
import { type CatalogRpc, CatalogService, type WireSnapshot } from '../lake/catalog/catalog-rpc.ts'
import { DurableCatalog } from '../lake/catalog/durable-catalog.ts'
import { DEFAULT_LAKE_LOCATION } from '../lake/lake-path.ts'
import { R2ObjectStore } from '../lake/storage/r2.ts'
import type { MigrateRequest } from '../migrator/migration-status.ts'
import { createObservability } from '../observability/create-observability.ts'
import type { Observability } from '../observability/observability.ts'
import { findBucket } from '../worker/bindings.ts'
import { FleetShardCaller } from './fleet-shards.ts'

/**
 * The catalog of a lake as a Durable Object: all shards commit through the one instance. It also keeps the register of those
 * shards, and its alarm, which belongs to sqlake, carries roll-outs of migrations out over them. Bind the class as `SQLAKE_CATALOG`,
 * in a namespace with SQLite.
 *
 * @example
 * ```ts
 * export { SQLakeCatalog } from 'sqlake/do'
 * ```
 */
export class SQLakeCatalog<Env = unknown> extends DurableObject<Env> implements CatalogRpc, FleetRpc {
	/** Name of the bucket's binding in env: what the schema names as `r2Bucket`, and the object is named by. */
	protected readonly bucketBinding: string = bucketBindingOf(this.ctx, this.env)
	/** Prefix of every path in the lake's metadata, such as `s3://my-bucket`: outside engines need the real one. */
	protected readonly location: string = DEFAULT_LAKE_LOCATION

	/** Where logs go; nowhere unless set. */
	protected readonly observability: Observability = createObservability()

	#service: CatalogService | undefined
	#fleet: FleetService | undefined

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env)
		// It must not reject: that would reset the object, and the next request would meet the same end.
		void ctx.blockConcurrencyWhile(async () => {
			// A subclass's fields and constructor come after this one.
			await Promise.resolve()
			await this.#armFleet()
		})
	}

	sqlakeCatalogLoad(known: readonly string[]): Promise<Envelope<WireSnapshot>> {
		return this.#open().sqlakeCatalogLoad(known)
	}

	sqlakeCatalogPosition(shard: string, options?: PositionOptions): Promise<Envelope<ShardPosition | null>> {
		return this.#open().sqlakeCatalogPosition(shard, options)
	}

	sqlakeCatalogCommit(request: CommitRequest): Promise<Envelope<CommitResult>> {
		return this.#open().sqlakeCatalogCommit(request)
	}

	sqlakeCatalogEvolve(tables: readonly TableEvolution[], options: EvolveOptions): Promise<Envelope<EvolutionResult>> {
		return this.#open().sqlakeCatalogEvolve(tables, options)
	}

	sqlakeFleetReport(report: ShardReport): Promise<Envelope<ReportAnswer>> {
		return this.#openFleet().sqlakeFleetReport(report)
	}

	sqlakeFleetSummary(): Promise<Envelope<FleetSummary>> {
		return this.#openFleet().sqlakeFleetSummary()
	}

	sqlakeFleetShards(filter: ShardFilter): Promise<Envelope<ShardPage>> {
		return this.#openFleet().sqlakeFleetShards(filter)
	}

	sqlakeFleetShard(name: string): Promise<Envelope<ShardDetails>> {
		return this.#openFleet().sqlakeFleetShard(name)
	}

	sqlakeFleetMigrateShard(name: string, request: MigrateRequest): Promise<Envelope<ShardMigration>> {
		return this.#openFleet().sqlakeFleetMigrateShard(name, request)
	}

	sqlakeFleetForgetShard(name: string): Promise<Envelope<null>> {
		return this.#openFleet().sqlakeFleetForgetShard(name)
	}

	sqlakeFleetStartRollout(options: RolloutOptions): Promise<Envelope<Rollout>> {
		return this.#openFleet().sqlakeFleetStartRollout(options)
	}

	sqlakeFleetRollouts(): Promise<Envelope<readonly Rollout[]>> {
		return this.#openFleet().sqlakeFleetRollouts()
	}

	sqlakeFleetRollout(id: string): Promise<Envelope<Rollout>> {
		return this.#openFleet().sqlakeFleetRollout(id)
	}

	sqlakeFleetPause(id: string): Promise<Envelope<Rollout>> {
		return this.#openFleet().sqlakeFleetPause(id)
	}

	sqlakeFleetResume(id: string, options: ResumeOptions): Promise<Envelope<Rollout>> {
		return this.#openFleet().sqlakeFleetResume(id, options)
	}

	sqlakeFleetRollback(id: string, options: RollbackOptions): Promise<Envelope<Rollout>> {
		return this.#openFleet().sqlakeFleetRollback(id, options)
	}

	sqlakeFleetCancel(id: string): Promise<Envelope<Rollout>> {
		return this.#openFleet().sqlakeFleetCancel(id)
	}

	/** Carries the roll-out on that is under way. */
	override async alarm(_info?: AlarmInvocationInfo): Promise<void> {
		await this.#openFleet().alarm()
	}

	/** Not in the constructor: a subclass sets its fields after it. */
	#open(): CatalogService {
		this.#service ??= new CatalogService(
			new DurableCatalog({
				storage: this.ctx.storage,
				store: new R2ObjectStore(findBucket(this.env as object, this.bucketBinding)),
				location: this.location,
			}),
		)
		return this.#service
	}

	#openFleet(): FleetService {
		this.#fleet ??= new FleetService({
			storage: this.ctx.storage,
			shards: new FleetShardCaller(this.env as object),
			observability: this.observability,
			now: () => Date.now(),
		})
		return this.#fleet
	}

	async #armFleet(): Promise<void> {
		try {
			await this.#openFleet().arm()
		} catch (error) {
			// The catalog works without; the next call to the fleet meets the same error and tells it.
			this.observability.logger.error(`the fleet is not ready: ${messageOf(error)}`)
		}
	}
}

/** Whoever opens a lake names its object by the bucket's binding. */
function bucketBindingOf(ctx: DurableObjectState, env: unknown): string {
	const { name } = ctx.id
	return name !== undefined && typeof env === 'object' && env !== null && name in env ? name : 'SQLAKE_BUCKET'
}
