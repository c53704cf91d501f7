import { SQLakeError } from '../errors.ts'
import type { LoadAnalytics } from './analytics.ts'

/** Loads the engine. */
export const loadAnalytics: LoadAnalytics = () =>
	Promise.reject(new SQLakeError('ANALYTICS_UNAVAILABLE', 'lake query: expected an analytics engine, found none'))
