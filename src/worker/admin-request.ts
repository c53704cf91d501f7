/**
 * The body of a request to the admin handler.
 *
 * @module
 */
import { AdminRefusal } from './admin-refusal.ts'

/** Bytes. */
export const MAX_BODY = 65_536

/**
 * The JSON that a request carries; `{}` where its body is empty.
 *
 * @throws AdminRefusal 413, 415, 400
 */
export async function readJson(request: Request): Promise<unknown> {
	const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
	// Without it a form of another site could send one, and no preflight would ask.
	if (type !== 'application/json') {
		throw new AdminRefusal(415, `Content-Type: expected application/json, found ${type === undefined ? 'none' : 'another'}`, {
			hint: 'send it even where the body is empty',
		})
	}
	const text = await readText(request)
	if (text.trim() === '') return {}
	try {
		return JSON.parse(text)
	} catch {
		throw new AdminRefusal(400, 'body: expected JSON, found something else', { hint: 'send an object, such as {"canary": 0.05}' })
	}
}

/** The declared length is not believed: reading stops where it is too much. */
async function readText({ body, headers }: Request): Promise<string> {
	if (Number(headers.get('content-length') ?? 0) > MAX_BODY) throw tooLarge()
	if (body === null) return ''
	const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader()
	const decoder = new TextDecoder()
	let text = ''
	let bytes = 0
	for (let part = await reader.read(); !part.done; part = await reader.read()) {
		bytes += part.value.byteLength
		if (bytes > MAX_BODY) {
			await reader.cancel()
			throw tooLarge()
		}
		text += decoder.decode(part.value, { stream: true })
	}
	return text + decoder.decode()
}

function tooLarge(): AdminRefusal {
	return new AdminRefusal(413, `body: expected at most ${MAX_BODY} bytes, found more`, { hint: 'send the options alone' })
}
