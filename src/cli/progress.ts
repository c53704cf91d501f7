import { createRequire } from 'node:module'
import type { TerminalOutput } from './terminal.ts'

/** A bar for long work. */
export interface Progress {
	/** @param done units of work done in all so far */
	update(done: number): void
	/** More work has turned up, or less. */
	setTotal(total: number): void
	/** Removes the bar. */
	stop(): void
}

const SILENT: Progress = { update() {}, setTotal() {}, stop() {} }

/**
 * Shows how far long work is.
 *
 * @param stream - where to; anything but a terminal gets no bar
 */
export function createProgress(label: string, total: number, stream: TerminalOutput | undefined): Progress {
	if (stream?.isTTY !== true) return SILENT
	const { SingleBar, Presets } = loadCliProgress()
	const bar = new SingleBar(
		{ stream, format: `${label} {bar} {value}/{total}`, clearOnComplete: true, hideCursor: true },
		Presets.shades_classic,
	)
	bar.start(total, 0)
	return {
		update: (done) => bar.update(done),
		setTotal: (changed) => bar.setTotal(changed),
		stop: () => bar.stop(),
	}
}

/** Loaded when a bar is shown: most commands show none. */
function loadCliProgress(): typeof import('cli-progress') {
	return createRequire(import.meta.url)('cli-progress')
}
