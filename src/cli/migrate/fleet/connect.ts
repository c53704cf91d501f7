import { SQLakeError } from '../../../errors.ts'
import type { Fleet } from '../../../fleet/fleet.ts'
import { FleetHttpClient } from '../../../fleet/fleet-http-client.ts'
import type { CommandContext } from '../../command-context.ts'

/** A fleet that can be asked. */
export interface Connection {
	readonly fleet: Fleet
	/** As it was given, for what the user may type next. */
	readonly url: string
}

/**
 * Reaches the admin handler of a Worker. Its token comes from the environment alone: what is typed stays in a shell's history.
 *
 * @param typed - what `--fleet` names; '' for the address in the configuration
 * @throws SQLakeError CONFIG_INVALID without an address or a token, and for an address that would show the token to others
 */
export async function connect(typed: string, context: CommandContext): Promise<Connection> {
	const url = typed === '' ? (await context.config()).fleet : typed
	if (url === undefined) {
		throw new SQLakeError('CONFIG_INVALID', '--fleet: expected the address of the Worker, found none', {
			hint: "name it: --fleet https://app.example.com, or sqlake: { fleet: '...' } in the configuration",
		})
	}
	// Read from a file, it may end in a line break.
	const token = context.terminal.env.SQLAKE_ADMIN_TOKEN?.trim()
	if (!token) {
		throw new SQLakeError('CONFIG_INVALID', '--fleet: expected the environment variable SQLAKE_ADMIN_TOKEN, found none', {
			hint: 'set it to the token that createAdminHandler() was given',
			details: { variable: 'SQLAKE_ADMIN_TOKEN' },
		})
	}
	// What no header can hold would otherwise end up in the message of whoever refuses it.
	if (!/^[\x21-\x7e]+$/.test(token)) {
		throw new SQLakeError(
			'CONFIG_INVALID',
			'SQLAKE_ADMIN_TOKEN: expected printable ASCII without spaces, found another character',
		)
	}
	return { fleet: new FleetHttpClient({ url, token }), url }
}
