/**
 * The door `sqlake` in Node.
 *
 * @module
 */
export * from './index.shared.ts'
export { sqlake, WorkerRouter } from './worker/node.ts'
