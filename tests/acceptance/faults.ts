/** What a bucket of an application may do wrong. */
export type Fault = 'none' | 'down' | 'throttled' | 'garbage' | 'lost-answers'

/** A bucket whose calls go wrong as `fault()` says at the moment. */
export function faultyBucket(bucket: R2Bucket, fault: () => Fault): R2Bucket {
	return new Proxy(bucket, {
		get(target, name) {
			const method: unknown = Reflect.get(target, name)
			if (typeof method !== 'function') return method
			return async (...args: unknown[]) => {
				const kind = fault()
				if (kind === 'down') throw new Error(`${String(name)}: We encountered an internal error. Please try again. (10001)`)
				if (kind === 'throttled')
					throw new Error(`${String(name)}: Reduce your concurrent request rate for the same object. (10058)`)
				if (kind === 'garbage' && name === 'get') {
					const key = String(args[0])
					await target.put(`garbage/${key}`, 'this is not what you asked for')
					return target.get(`garbage/${key}`)
				}
				const answer: unknown = await Reflect.apply(method, target, args)
				if (kind === 'lost-answers' && name === 'put') throw new Error('put: Network connection lost.')
				return answer
			}
		},
	})
}
