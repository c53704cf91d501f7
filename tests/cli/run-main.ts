/** The command line from its sources: `node run-main.ts <args>`. */
import { main } from '../../src/cli/main.ts'

process.exitCode = await main(process.argv.slice(2))
