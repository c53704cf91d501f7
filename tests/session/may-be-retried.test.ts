import { expect, it } from 'vitest'
import { mayBeRetried } from '../../src/driver/may-be-retried.ts'

it.each<[unknown, boolean]>([
	[Object.assign(new Error('reset'), { durableObjectReset: true }), true],
	[Object.assign(new Error('network'), { retryable: true }), true],
	[Object.assign(new Error('busy'), { retryable: true, overloaded: true }), false],
	[Object.assign(new Error('busy and reset'), { durableObjectReset: true, overloaded: true }), false],
	[Object.assign(new Error('not busy'), { retryable: true, overloaded: false }), true],
	[Object.assign(new Error('final'), { retryable: false }), false],
	[new Error('of the application'), false],
	['text', false],
	[null, false],
	[undefined, false],
])('a failed call is made again where that may help, and never on an overloaded object: %o', (error, expected) => {
	expect(mayBeRetried(error)).toBe(expected)
})
