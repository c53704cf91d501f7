/**
 * Changes to a source text, given by position.
 *
 * @module
 */

/** A part of a text, in UTF-16 units. */
export interface SourceSpan {
	readonly offset: number
	readonly length: number
}

interface Edit extends SourceSpan {
	readonly text: string
	/** Order among the edits at one offset. */
	readonly rank: number
}

/** Collects changes to a text and makes them in one go. What lies within a replaced part stays as the replacement says. */
export class SourceEdits {
	readonly #source: string
	readonly #edits: Edit[] = []

	constructor(source: string) {
		this.#source = source
	}

	/** Puts something else in the place of a part. */
	replace(span: SourceSpan, text: string): void {
		this.#edits.push({ ...span, text, rank: Number.POSITIVE_INFINITY })
	}

	/** Puts text around a part. Who wraps first is outside. */
	wrap(span: SourceSpan, before: string, after: string): void {
		const order = this.#edits.length + 1
		if (before !== '') this.#edits.push({ offset: span.offset, length: 0, text: before, rank: order })
		this.#edits.push({ offset: span.offset + span.length, length: 0, text: after, rank: -order })
	}

	/** The text with all changes made. */
	apply(): string {
		const edits = this.#edits.toSorted((a, b) => a.offset - b.offset || a.rank - b.rank)
		let result = ''
		let position = 0
		for (const { offset, length, text } of edits) {
			if (offset < position) continue
			result += this.#source.slice(position, offset) + text
			position = offset + length
		}
		return result + this.#source.slice(position)
	}
}
