import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { CommandContext } from '../../src/cli/command-context.ts'
import { jsonText } from '../../src/cli/output.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

/** A terminal whose interruptions a test makes, and whose stderr it sees. */
function terminal(isTTY: boolean) {
	const listeners = new Set<() => void>()
	const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 })
	const where: Terminal = {
		cwd: '/somewhere',
		env: {},
		stdin: Object.assign(new PassThrough(), { isTTY }),
		stdout: new PassThrough(),
		stderr,
		onInterrupt: (listener) => {
			listeners.add(listener)
			return () => listeners.delete(listener)
		},
	}
	return {
		where,
		listeners,
		said: () => String(stderr.read() ?? ''),
		interrupt: () => {
			for (const listener of listeners) listener()
		},
	}
}

describe('a document', () => {
	it('holds what JSON has no form for', () => {
		const value = {
			small: 5n,
			large: 2n ** 63n - 1n,
			map: new Map([['a', 1]]),
			bytes: new Uint8Array([0, 255]),
			date: new Date(0),
			endless: Number.POSITIVE_INFINITY,
		}
		expect(JSON.parse(jsonText(value))).toEqual({
			small: 5,
			large: '9223372036854775807',
			map: { a: 1 },
			bytes: { $base64: 'AP8=' },
			date: '1970-01-01T00:00:00.000Z',
			endless: 'Infinity',
		})
	})
})

describe('progress', () => {
	it('is shown in a terminal, and neither elsewhere nor beside a document', () => {
		for (const [isTTY, json, shown] of [
			[true, false, true],
			[false, false, false],
			[true, true, false],
		] as const) {
			const { where, said } = terminal(isTTY)
			const progress = new CommandContext(where, { json }).progress('Reading', 10)
			progress.update(10)
			progress.stop()
			expect(said().includes('Reading')).toBe(shown)
		}
	})
})

describe('Ctrl-C', () => {
	it('aborts once; the second one is left to the process', () => {
		const { where, listeners, interrupt } = terminal(true)
		const signal = new CommandContext(where, {}).interrupted()
		expect(signal.aborted).toBe(false)
		interrupt()
		expect({ aborted: signal.aborted, listeners: listeners.size }).toEqual({ aborted: true, listeners: 0 })
	})
})

describe('a question', () => {
	it('is asked where a person sits, and not in CI or beside a document', () => {
		const asks = (isTTY: boolean, json: boolean, env: Record<string, string> = {}) =>
			new CommandContext({ ...terminal(isTTY).where, env }, { json }).interactive
		expect([asks(true, false), asks(false, false), asks(true, true), asks(true, false, { CI: '1' })]).toEqual([
			true,
			false,
			false,
			false,
		])
	})
})
