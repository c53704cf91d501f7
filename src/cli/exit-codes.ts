/** Exit codes of the command line; `interrupted` is what a shell says of a program that Ctrl-C ended. */
export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const
