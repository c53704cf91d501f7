import type { LakeMoment } from '../../driver/transport.ts'
import { SQLakeError } from '../../errors.ts'
import { asOfMoment, betweenMoment, snapshotMoment } from '../../session/moment.ts'

/** Options that say which moment of the lake a query sees. */
export interface MomentOptions {
	readonly analytics?: boolean | undefined
	readonly asOf?: string | undefined
	readonly between?: string | undefined
	readonly snapshot?: string | undefined
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/**
 * The moment, or the range, of the lake that options name.
 *
 * @param now - milliseconds since the epoch, which `10m` (ten minutes ago) counts back from
 * @returns undefined where they name none
 * @throws SQLakeError TIME_INVALID
 */
export function parseMoment({ analytics, asOf, between, snapshot }: MomentOptions, now: number): LakeMoment | undefined {
	if (asOf !== undefined) return asOfMoment(parseTime(asOf, now))
	if (snapshot !== undefined) return snapshotMoment(snapshot)
	if (between === undefined) return analytics === true ? { kind: 'current' } : undefined
	const [from, to, ...more] = between.split('..')
	if (from === undefined || to === undefined || from === '' || more.length > 0) {
		throw new SQLakeError('TIME_INVALID', `--between: expected <from>..<to>, found ${between}`, {
			hint: 'two moments with .. between them, such as 2026-11-01..2026-11-02, or 1h.. for the last hour',
		})
	}
	return betweenMoment(parseTime(from, now), to === '' ? now : parseTime(to, now))
}

function parseTime(typed: string, now: number): string | number {
	if (typed === 'now') return now
	if (/^\d{5,}$/.test(typed)) return Number(typed)
	const [, count, unit = ''] = /^(\d+)(ms|[smhdw])$/.exec(typed) ?? []
	return count === undefined ? typed : now - Number(count) * (UNITS[unit] ?? 0)
}
