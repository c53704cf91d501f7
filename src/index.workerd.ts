/**
 * The door `sqlake` in a Worker. It differs from Node's only in where the analytics engine comes from.
 *
 * @module
 */
export * from './index.shared.ts'
export { createInMemoryRouter, LocalRouter } from './local/routers.workerd.ts'
export { sqlake, WorkerRouter } from './worker/workerd.ts'
