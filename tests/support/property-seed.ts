/**
 * The seed of every property test that has none of its own: the same each time, so that a change is not blamed for what chance
 * found; in a long run, or where one is given, that of {@link testSeed}.
 *
 * @module
 */
import fc from 'fast-check'
import { testSeed } from './test-seed.ts'

const { VITE_TEST_SEED, VITE_TEST_RUNS } = process.env
const isChosen = VITE_TEST_SEED !== undefined || VITE_TEST_RUNS !== undefined
fc.configureGlobal({ seed: isChosen ? testSeed('properties') : 20_261_130 })
