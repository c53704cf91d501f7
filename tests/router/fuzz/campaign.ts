/**
 * A run of the soundness fuzz: worlds, statements, and what the router claimed of them.
 *
 * @module
 */
import { check } from './check.ts'
import { Random } from './random.ts'
import { makeStatement, type Statement } from './statements.ts'
import { makeWorld } from './world.ts'

export interface CampaignOptions {
	readonly count: number
	readonly seed: number
	/** Called for each unsound claim; the run goes on. */
	readonly onUnsound: (finding: { readonly seed: number; readonly statement: Statement; readonly text: string }) => void
}

export interface CampaignReport {
	readonly statements: number
	/** Sound claims by kind of route. */
	readonly claims: Readonly<Record<string, number>>
	readonly checked: number
	readonly unsound: number
	readonly unclaimed: number
	readonly invalid: number
}

const STATEMENTS_PER_WORLD = 100

/** Runs `count` statements. The same seed gives the same run. */
export function runCampaign({ count, seed, onUnsound }: CampaignOptions): CampaignReport {
	const claims: Record<string, number> = {}
	let [checked, unsound, unclaimed, invalid] = [0, 0, 0, 0]
	for (let done = 0, worldSeed = seed; done < count; worldSeed++) {
		const random = new Random(worldSeed)
		const world = makeWorld(random)
		for (let i = 0; i < STATEMENTS_PER_WORLD && done < count; i++, done++) {
			const statement = makeStatement(random, world)
			const verdict = check(world, statement)
			if (verdict.kind === 'invalid') invalid++
			else if (verdict.kind === 'unclaimed') unclaimed++
			else {
				checked++
				claims[verdict.route.kind] = (claims[verdict.route.kind] ?? 0) + 1
				if (verdict.kind === 'unsound') {
					unsound++
					onUnsound({ seed: worldSeed, statement, text: `${JSON.stringify(verdict.route)}\n${verdict.finding}` })
				}
			}
		}
		world.close()
	}
	return { statements: count, claims, checked, unsound, unclaimed, invalid }
}
