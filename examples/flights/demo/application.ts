import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTestHarness } from 'wrangler'
import type { TableSummary } from '../src/lake-summary.ts'
import type { Answer } from '../src/questions.ts'

/** The example application, running in a local workerd of its own that keeps nothing. */
export class Application {
	readonly #token = randomBytes(24).toString('base64url')
	readonly #server = createTestHarness({
		root: join(import.meta.dirname, '..'),
		workers: [{ configPath: './wrangler.jsonc', secrets: { DEMO_TOKEN: this.#token } }],
	})

	async start(): Promise<void> {
		// The local runtime would otherwise ask the network where on earth it is.
		process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= 'false'
		await this.#server.listen()
	}

	async stop(): Promise<void> {
		await this.#server.close()
	}

	async post(path: string, body: unknown): Promise<unknown> {
		return this.#request(path, { method: 'POST', body: JSON.stringify(body) })
	}

	async ask(question: string, moments: { before: number; after: number }): Promise<Answer> {
		return (await this.#request(`questions/${question}?before=${moments.before}&after=${moments.after}`)) as Answer
	}

	async lake(): Promise<TableSummary[]> {
		return (await this.#request('lake')) as TableSummary[]
	}

	/** Waits until the alarms of all these airports have delivered every change. */
	async waitForDelivery(airports: readonly string[], onProgress: (waiting: number) => void): Promise<void> {
		const deadline = Date.now() + 60_000
		for (;;) {
			const { waiting, errors } = (await this.post('waiting', airports)) as { waiting: number; errors: string[] }
			onProgress(waiting)
			if (waiting === 0) return
			if (Date.now() > deadline)
				throw new Error(`${waiting} changes are not delivered after a minute: ${errors.join('; ') || 'no error'}`)
			await sleep(250)
		}
	}

	async #request(path: string, init: { method?: string; body?: string } = {}): Promise<unknown> {
		const response = await this.#server.fetch(`/${path}`, { ...init, headers: { authorization: `Bearer ${this.#token}` } })
		const text = await response.text()
		if (!response.ok) throw new Error(`${init.method ?? 'GET'} /${path}: ${response.status} ${text.slice(0, 2_000)}`)
		return JSON.parse(text)
	}
}
