/** Holds a lock until it is killed: \`file-lock-child.ts <path>\`. */
import { lockFile } from '../../../src/lake/storage/file-lock.ts'

await lockFile(process.argv[2] ?? '')
process.stdout.write('held\n')
setInterval(() => {}, 1_000)
