/**
 * The door `sqlake` in Node.
 *
 * @module
 */
export * from './index.shared.ts'
export { createInMemoryRouter } from './local/in-memory-router.ts'
export { LocalRouter, type LocalRouterOptions } from './local/local-router.ts'
export type { NodeRouter, NodeRouterOptions } from './local/node-router.ts'
export { sqlake, WorkerRouter } from './worker/node.ts'
