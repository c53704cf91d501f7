/**
 * Locks that hold across processes, each a file that names its holder. A lock that a dead process left behind is taken at once.
 *
 * @module
 */
import { open, readFile, readlink, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** A lock older than this (milliseconds) whose holder cannot be asked for was left behind: one is held for a few file operations. */
const STALE_MS = 10_000

/**
 * Takes a lock; waits while another holds it.
 *
 * @param path - of the lock's file, in a directory that exists
 * @returns what lets go of it
 */
export async function lockFile(path: string): Promise<() => Promise<void>> {
	const own = `${await machine()} ${process.pid} ${crypto.randomUUID()}`
	for (;;) {
		if (await create(path, own)) return () => rm(path, { force: true })
		const held = await read(path)
		if (held === null) continue
		if (await isLeftBehind(held)) await takeAway(path, held)
		else await sleep(2 + Math.random() * 4)
	}
}

interface Held {
	/** '' where its holder has not written it yet, or died before. */
	readonly text: string
	/** Milliseconds since the epoch. */
	readonly since: number
}

async function create(path: string, text: string): Promise<boolean> {
	try {
		const handle = await open(path, 'wx')
		try {
			await handle.writeFile(text)
		} finally {
			await handle.close()
		}
		return true
	} catch (error) {
		if (codeOf(error) === 'EEXIST') return false
		throw error
	}
}

/** @returns null where the lock is gone */
async function read(path: string): Promise<Held | null> {
	try {
		const [text, { mtimeMs: since }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
		return { text, since }
	} catch (error) {
		if (codeOf(error) === 'ENOENT') return null
		throw error
	}
}

async function isLeftBehind({ text, since }: Held): Promise<boolean> {
	if (Date.now() - since > STALE_MS) return true
	const [where, pid] = text.split(' ')
	return where === (await machine()) && pid !== undefined && !isAlive(Number(pid))
}

/**
 * Takes a lock away that was left behind. Of several that see it, one does so at a time, and only while it is still that lock: else
 * the second would take away what the first has made in its place.
 */
async function takeAway(path: string, { text, since }: Held): Promise<void> {
	const guard = `${path},gone`
	if (!(await create(guard, ''))) {
		const other = await read(guard)
		if (other !== null && Date.now() - other.since > STALE_MS) await rm(guard, { force: true })
		else await sleep(2)
		return
	}
	try {
		const now = await read(path)
		if (now?.text === text && now.since === since) await rm(path, { force: true })
	} finally {
		await rm(guard, { force: true })
	}
}

let known: Promise<string> | undefined

/** Where process ids mean the same: a directory may be shared by machines, and by containers of one machine. */
export function machine(): Promise<string> {
	known ??= readlink('/proc/self/ns/pid').then(
		(namespace) => `${encodeURIComponent(hostname())}/${namespace}`,
		() => encodeURIComponent(hostname()),
	)
	return known
}

/** Whether there is a process of that id on this machine, whoever it belongs to. */
export function isAlive(pid: number): boolean {
	try {
		// Signal 0 is sent to nobody.
		process.kill(pid, 0)
		return true
	} catch (error) {
		return codeOf(error) !== 'ESRCH'
	}
}

/** The code of an error of the operating system's, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
	return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
