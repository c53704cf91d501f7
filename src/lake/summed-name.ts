/**
 * Names of metadata files that state the sum of their bytes: `...-crc32-1a2b3c4d.avro`. Such a file never changes, and each is
 * named by another: the pointer names a table's metadata, the metadata its manifest lists, a list its manifests. So every link
 * of the chain is known before it is read, in every format of the chain, and the reader needs no further place to look.
 *
 * @module
 */
import { SQLakeError } from '../errors.ts'
import { crc32 } from './crc32.ts'

const SUM = /-crc32-([0-9a-f]{8})\.[a-z.]+$/

/**
 * The name of a new file.
 *
 * @param extension With its dot, in lower case letters, such as `.metadata.json`.
 */
export function summedName(stem: string, extension: string, bytes: Uint8Array): string {
	return `${stem}-crc32-${hex(crc32(bytes))}${extension}`
}

/**
 * Checks bytes against the sum in the name of their file. Files of other writers, and of sqlake before it wrote sums, have none.
 *
 * @throws `LAKE_CORRUPT`, naming the file, if they are not the bytes that were written.
 */
export function assertSum(path: string, bytes: Uint8Array): void {
	const expected = SUM.exec(path)?.[1]
	if (expected === undefined) return
	const found = hex(crc32(bytes))
	if (found === expected) return
	throw new SQLakeError('LAKE_CORRUPT', `file "${path}": expected bytes with the CRC-32 ${expected}, found ${found}`, {
		hint: 'The file was changed behind the lake: restore it from a backup of the bucket.',
		details: { file: path, expected, found },
	})
}

/** A sum as 8 digits. */
export function hex(sum: number): string {
	return sum.toString(16).padStart(8, '0')
}
