import type { WireValue } from '../../driver/transport.ts'

/** What a view of the lake shows: to a program as a document, to a person as a table. */
export interface View {
	readonly document: unknown
	readonly columns: readonly string[]
	readonly rows: readonly (readonly WireValue[])[]
	/** A line below the table. */
	readonly note?: string
}

/** Bytes for a person. */
export function showBytes(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB']
	let [value, unit] = [bytes, 0]
	while (value >= 1_000 && unit < units.length - 1) {
		value /= 1_000
		unit++
	}
	return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`
}

/** Milliseconds since the epoch for a person, in UTC. */
export function showTime(ms: number): string {
	return new Date(ms).toISOString().replace('T', ' ').replace('.000Z', 'Z')
}
