/**
 * `json_patch()`: RFC 7396.
 *
 * @module
 */
import { branch, JsonKind, type JsonNode } from './json-node.ts'
import { sameLabel } from './json-path.ts'
import { members, stringText } from './json-text.ts'

/** A value after a patch. */
export function patchJson(target: JsonNode, patch: JsonNode): JsonNode {
	if (patch.kind !== JsonKind.OBJECT) return patch
	const nodes: JsonNode[] = target.kind === JsonKind.OBJECT ? [...target.nodes] : []
	members(patch.nodes, (label, value) => {
		const name = stringText(label)
		const at = nodes.findIndex((node, i) => i % 2 === 0 && sameLabel(node, name))
		const old = nodes[at + 1]
		if (at >= 0 && old !== undefined) {
			if (value.kind === JsonKind.NULL) nodes.splice(at, 2)
			else nodes[at + 1] = patchJson(old, value)
		} else if (value.kind !== JsonKind.NULL) {
			nodes.push(label, value.kind === JsonKind.OBJECT ? patchJson(branch(JsonKind.OBJECT, []), value) : value)
		}
	})
	return branch(JsonKind.OBJECT, nodes)
}
