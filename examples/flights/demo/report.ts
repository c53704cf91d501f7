import { performance } from 'node:perf_hooks'
import { styleText } from 'node:util'

const interactive = process.stdout.isTTY === true

/** Prints the story as it unfolds. Colours follow NO_COLOR and the terminal, as styleText does. */
export const report = {
	title(text: string): void {
		console.log(`\n${styleText('bold', text)}`)
	},

	line(text: string): void {
		console.log(`  ${text}`)
	},

	good(text: string): void {
		console.log(`  ${styleText('green', '✓')} ${text}`)
	},

	bad(text: string): void {
		console.log(`  ${styleText('red', '✗')} ${text}`)
	},

	/** Runs a step, shows its progress, and prints how long it took. */
	async step<T>(name: string, work: (progress: (text: string) => void) => Promise<T>): Promise<T> {
		const started = performance.now()
		const progress = (text: string): void => {
			if (interactive) process.stdout.write(`\r\u001b[2K  … ${name}: ${text}`)
		}
		progress('')
		try {
			const result = await work(progress)
			if (interactive) process.stdout.write('\r\u001b[2K')
			report.good(`${name} ${styleText('dim', `(${((performance.now() - started) / 1000).toFixed(2)} s)`)}`)
			return result
		} catch (error) {
			if (interactive) process.stdout.write('\r\u001b[2K')
			report.bad(name)
			throw error
		}
	},

	/** Prints rows as aligned columns. */
	table(rows: readonly Readonly<Record<string, string | number>>[]): void {
		const names = Object.keys(rows[0] ?? {})
		const cells = [names, ...rows.map((row) => names.map((name) => String(row[name])))]
		const widths = names.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0)))
		for (const line of cells) report.line(line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '))
	},
}
