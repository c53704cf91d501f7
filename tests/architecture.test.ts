import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'src')

/** What each room may import besides itself, `errors` and `observability`. The table stands in ARCHITECTURE.md. */
const mayImport: Record<string, readonly string[] | 'everything but cli' | 'everything but do'> = {
	schema: [],
	observability: [],
	router: ['schema'],
	cdc: ['schema'],
	session: ['router', 'schema', 'driver', 'cdc'],
	driver: ['router', 'schema', 'session', 'cdc'],
	lake: ['schema', 'cdc', 'driver'],
	delivery: ['cdc', 'lake', 'schema'],
	analytics: ['lake', 'router', 'schema', 'driver', 'cdc'],
	migrator: ['schema', 'lake'],
	fleet: ['migrator', 'driver'],
	worker: ['schema', 'router', 'session', 'driver', 'lake', 'analytics', 'cdc', 'migrator', 'fleet'],
	shard: ['cdc', 'delivery', 'driver', 'lake', 'migrator', 'schema'],
	do: 'everything but cli',
	local: ['cdc', 'delivery', 'driver', 'lake', 'migrator', 'schema', 'session', 'shard', 'worker'],
	cli: 'everything but do',
}

/** Rooms whose types only may be imported by the rooms named. */
const typesOnly: Record<string, readonly string[]> = {
	cdc: ['session', 'driver', 'lake', 'analytics', 'worker'],
	driver: ['lake', 'analytics', 'shard', 'fleet'],
}

interface Import {
	readonly from: string
	readonly specifier: string
	readonly target: string | null
	readonly typeOnly: boolean
}

function sourceFiles(directory: string): string[] {
	return readdirSync(directory, { recursive: true, encoding: 'utf8' })
		.filter((name) => name.endsWith('.ts'))
		.map((name) => join(directory, name))
}

function importsOf(file: string): Import[] {
	const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
	const found: Import[] = []
	const pattern = /(?:^|\n)\s*(import|export)\s+(type\s+)?([^'"]*?\bfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g
	for (const match of text.matchAll(pattern)) {
		const specifier = match[4] ?? match[5] ?? ''
		found.push({
			from: file,
			specifier,
			target: specifier.startsWith('.') ? resolve(dirname(file), specifier) : null,
			typeOnly: match[2] !== undefined,
		})
	}
	return found
}

const files = sourceFiles(source)
const imports = files.flatMap(importsOf)
const roomOf = (file: string): string => relative(source, file).split('/')[0] ?? ''
const isRoom = (room: string): boolean => !room.endsWith('.ts')

/** The files that a file loads, itself included. */
function reachableFrom(file: string, reached = new Set<string>()): Set<string> {
	if (reached.has(file)) return reached
	reached.add(file)
	for (const { from, target, typeOnly } of imports)
		if (from === file && target !== null && !typeOnly) reachableFrom(target, reached)
	return reached
}

describe('the house', () => {
	it('has only the rooms that are documented', () => {
		const rooms = new Set(files.map(roomOf).filter(isRoom))
		expect([...rooms].filter((room) => !(room in mayImport))).toEqual([])
	})

	it('keeps data flowing one way: a room imports only what it may', () => {
		const wrong: string[] = []
		for (const { from, target, typeOnly } of imports) {
			const room = roomOf(from)
			if (!isRoom(room) || target === null) continue
			const other = roomOf(target)
			if (other === room || other === 'errors.ts' || other === 'observability') continue
			const allowed = mayImport[room] ?? []
			const permitted =
				allowed === 'everything but cli'
					? other !== 'cli'
					: allowed === 'everything but do'
						? other !== 'do'
						: allowed.includes(other)
			const valuesForbidden = typesOnly[other]?.includes(room) ?? false
			if (!permitted || (valuesForbidden && !typeOnly)) wrong.push(`${relative(source, from)} -> ${relative(source, target)}`)
		}
		expect(wrong).toEqual([])
	})

	it('has no import cycles', () => {
		const graph = new Map<string, string[]>()
		for (const { from, target, typeOnly } of imports) {
			if (target === null || typeOnly) continue
			graph.set(from, [...(graph.get(from) ?? []), target])
		}
		const state = new Map<string, 'open' | 'done'>()
		const cycles: string[] = []
		const visit = (file: string, path: readonly string[]): void => {
			if (state.get(file) === 'done') return
			if (state.get(file) === 'open') {
				cycles.push([...path.slice(path.indexOf(file)), file].map((f) => relative(source, f)).join(' -> '))
				return
			}
			state.set(file, 'open')
			for (const next of graph.get(file) ?? []) visit(next, [...path, file])
			state.set(file, 'done')
		}
		for (const file of files) visit(file, [])
		expect(cycles).toEqual([])
	})

	it('imports cloudflare:workers only in do/', () => {
		const wrong = imports.filter((i) => i.specifier === 'cloudflare:workers' && roomOf(i.from) !== 'do')
		expect(wrong.map((i) => relative(source, i.from))).toEqual([])
	})

	it('imports DuckDB only in analytics/', () => {
		const wrong = imports.filter((i) => i.specifier.startsWith('@duckdb/') && roomOf(i.from) !== 'analytics')
		expect(wrong.map((i) => relative(source, i.from))).toEqual([])
	})

	it('imports Node modules only where no Worker goes', () => {
		const wrong = imports
			.filter((i) => i.specifier.startsWith('node:'))
			.map((i) => relative(source, i.from))
			.filter((file) => !file.startsWith('cli/') && !/(^|[/.-])(node|file|local)([./-]|$)/.test(file))
		expect(wrong).toEqual([])
	})

	it('opens no door of a Worker on Node modules, and none of Node on cloudflare:workers', () => {
		const doors = {
			'node:': ['index.workerd.ts', 'analytics.workerd.ts', 'do.ts', 'columns.ts'],
			'cloudflare:': ['index.ts', 'analytics.ts', 'iceberg.ts', 'columns.ts'],
		}
		const wrong = Object.entries(doors).flatMap(([prefix, names]) =>
			names.flatMap((name) => {
				const reached = reachableFrom(join(source, name))
				return imports
					.filter((i) => !i.typeOnly && reached.has(i.from) && i.specifier.startsWith(prefix))
					.map((i) => `${name} -> ${relative(source, i.from)} -> ${i.specifier}`)
			}),
		)
		expect(wrong).toEqual([])
	})

	it('keeps code out of the doors', () => {
		const doors = files.filter((file) => !isRoom(roomOf(file)) && !file.endsWith('errors.ts'))
		const wrong = doors.filter(
			(door) =>
				readFileSync(door, 'utf8')
					.replaceAll(/\/\*[\s\S]*?\*\//g, '')
					.replaceAll(/export\s+(type\s+)?(\*|\{[^}]*\})(\s+as\s+\w+)?\s+from\s+'[^']+'/g, '')
					.replaceAll(/import\s+'[^']+'/g, '')
					.replaceAll(/[;\s]/g, '')
					.replaceAll(/\/\/.*/g, '') !== '',
		)
		expect(wrong.map((door) => relative(source, door))).toEqual([])
	})

	it('takes the bytes of a view in one place: what lies around them in its buffer is not their own', () => {
		// `Buffer.slice()` does not copy, and the buffer behind a view is all of what the view was cut from.
		const ownBuffers = ['lake/parquet/', 'lake/iceberg/single-value.ts', 'lake/avro/binary-writer.ts', 'schema/sha256.ts']
		const wrong = files.flatMap((file) => {
			const name = relative(source, file)
			if (name === 'schema/bytes.ts') return []
			return readFileSync(file, 'utf8')
				.split('\n')
				.filter(
					(line) =>
						/\.slice\([^)]*\)\.buffer\b|\b(bytes|view|page|data|buffer|metadataBytes)\.slice\(/.test(line) ||
						(/\.buffer\b(?!, \w+\.byteOffset)/.test(line) && !ownBuffers.some((own) => name.startsWith(own))),
				)
				.map((line) => `${name}: ${line.trim()}`)
		})
		expect(wrong).toEqual([])
	})
})
