/**
 * Between the full paths that stand in Iceberg metadata and the keys of the object store.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'

/** Prefix of every path in a lake's metadata where none is configured. Outside readers need the real one, such as `s3://my-bucket`. */
export const DEFAULT_LAKE_LOCATION = 's3://sqlake'

/** Property of sqlake's tables: the prefix of every path of the lake, so that a reader needs no setting of its own. */
export const LAKE_LOCATION_PROPERTY = 'sqlake.location'

/**
 * The full path of an object.
 *
 * @param location Prefix of the lake, without a slash at its end.
 */
export function lakePath(location: string, key: string): string {
	return `${location}/${key}`
}

/**
 * The object key of a full path, for reading it from the store.
 *
 * @param location Prefix of the lake, without a slash at its end.
 * @throws `LAKE_CORRUPT` if the path lies outside the lake.
 */
export function objectKeyOf(location: string, path: string): string {
	if (!path.startsWith(`${location}/`)) {
		throw new SQLakeError(
			'LAKE_CORRUPT',
			`path "${path}": expected it below the lake's location "${location}", found it outside`,
			{
				hint: 'The location of a lake cannot change once it was written.',
				details: { path, location },
			},
		)
	}
	return path.slice(location.length + 1)
}

/**
 * The prefix of the lake that a table belongs to.
 *
 * @throws `LAKE_CORRUPT` if the table is none of sqlake's.
 */
export function lakeLocationOf(metadata: {
	readonly location: string
	readonly properties: Readonly<Record<string, string>>
}): string {
	const location = metadata.properties[LAKE_LOCATION_PROPERTY]
	if (location !== undefined) return location
	throw new SQLakeError(
		'LAKE_CORRUPT',
		`table at ${metadata.location}: expected the property ${LAKE_LOCATION_PROPERTY}, found none`,
	)
}
