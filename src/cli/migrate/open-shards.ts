import { SQLakeError } from '../../errors.ts'
import type { CommandContext } from '../command-context.ts'
import type { Migratables } from './migratable.ts'
import type { OpenOptions } from './open-migratables.ts'

export async function openShards(
	_options: Omit<OpenOptions, 'db'> & { readonly directory: string },
	_context: CommandContext,
): Promise<Migratables> {
	throw new SQLakeError('INTERNAL', 'not yet')
}
