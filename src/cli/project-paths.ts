import { join } from 'node:path'

/** Directory of what sqlake generates and keeps in a project. */
export const SQLAKE_DIRECTORY = '.sqlake'

/** The files of a project that sqlake writes. */
export interface ProjectPaths {
	/** `.sqlake`. */
	readonly directory: string
	/** The migration manifest, which belongs into version control. */
	readonly manifest: string
	readonly parquetSchema: string
	/** Types of the changes. */
	readonly types: string
}

/** @param root - directory of the project */
export function projectPaths(root: string): ProjectPaths {
	const directory = join(root, SQLAKE_DIRECTORY)
	return {
		directory,
		manifest: join(directory, 'manifest.json'),
		parquetSchema: join(directory, 'parquet-schema.json'),
		types: join(directory, 'types.ts'),
	}
}
