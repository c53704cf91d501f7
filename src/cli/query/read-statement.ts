import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { messageOf, SQLakeError } from '../../errors.ts'
import type { CommandContext } from '../command-context.ts'

/**
 * The SQL that was typed, or stands in a file, or on stdin.
 *
 * @param sql - the argument; `-` for stdin
 * @param file - the option `--file`; `-` for stdin
 * @throws SQLakeError USAGE_INVALID where there is none, or two
 */
export async function readStatement(sql: string | undefined, file: string | undefined, context: CommandContext): Promise<string> {
	if (sql !== undefined && file !== undefined) throw usage('found SQL twice: as an argument and by --file')
	const statement = await readSource(sql, file, context)
	if (statement.trim() !== '') return statement
	throw usage('found no SQL')
}

async function readSource(sql: string | undefined, file: string | undefined, context: CommandContext): Promise<string> {
	// yargs makes an empty argument of -.
	if (sql !== undefined && sql !== '-' && sql !== '') return sql
	if (file !== undefined && file !== '-') {
		try {
			return await readFile(context.path(file), 'utf8')
		} catch (cause) {
			throw new SQLakeError('USAGE_INVALID', `--file ${file}: cannot be read: ${messageOf(cause)}`, { cause })
		}
	}
	const { stdin } = context.terminal
	return file === undefined && stdin.isTTY === true ? '' : text(stdin)
}

function usage(found: string): SQLakeError {
	return new SQLakeError('USAGE_INVALID', `query: ${found}`, {
		hint: `give one statement: sqlake query 'SELECT 1', or --file <path>, or - for stdin`,
	})
}
