import { SQLakeError } from '../../errors.ts'

/** Something that is closed when it is replaced. */
export interface Closable {
	close(): Promise<void>
}

/**
 * The router of the moment. Requests share it; to replace it waits until they are done, and holds back those that come meanwhile.
 */
export class CurrentRouter<TRouter extends Closable> {
	#router: TRouter
	#users = 0
	/** Called when the last user is done. */
	#idle: (() => void) | null = null
	/** Settles when a replacement is done; null while none goes on. */
	#replacing: Promise<unknown> | null = null
	#closed = false

	constructor(router: TRouter) {
		this.#router = router
	}

	/**
	 * Takes the router, until `release` is called.
	 *
	 * @throws SQLakeError SHARD_UNAVAILABLE once it is closed
	 */
	async acquire(): Promise<{ readonly router: TRouter; readonly release: () => void }> {
		// From the last look on nothing is awaited: a replacement that begins in between would not see this user.
		while (this.#replacing !== null) await Promise.allSettled([this.#replacing])
		this.#assertOpen()
		this.#users++
		let released = false
		const release = () => {
			if (released) return
			released = true
			if (--this.#users === 0) this.#idle?.()
		}
		return { router: this.#router, release }
	}

	/** Works with the router. */
	async use<T>(work: (router: TRouter) => Promise<T>): Promise<T> {
		const { router, release } = await this.acquire()
		try {
			return await work(router)
		} finally {
			release()
		}
	}

	/**
	 * Replaces the router once nobody uses it.
	 *
	 * @param replace - closes the one that it is given, and returns the next
	 * @throws SQLakeError SHARD_UNAVAILABLE once it is closed
	 */
	async replace(replace: (router: TRouter) => Promise<TRouter>): Promise<void> {
		while (this.#replacing !== null) await Promise.allSettled([this.#replacing])
		this.#assertOpen()
		const work = async () => {
			await this.#untilIdle()
			this.#router = await replace(this.#router)
		}
		this.#replacing = work()
		try {
			await this.#replacing
		} finally {
			this.#replacing = null
		}
	}

	/** Closes the router once nobody uses it. */
	async close(): Promise<void> {
		await this.replace(async (router) => {
			this.#closed = true
			await router.close()
			return router
		})
	}

	async #untilIdle(): Promise<void> {
		if (this.#users === 0) return
		await new Promise<void>((resolve) => {
			this.#idle = resolve
		})
		this.#idle = null
	}

	#assertOpen(): void {
		if (this.#closed) throw new SQLakeError('SHARD_UNAVAILABLE', 'the server is closing', { hint: 'start it again' })
	}
}
