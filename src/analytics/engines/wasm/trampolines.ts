/**
 * JavaScript functions as WebAssembly functions, without compiling anything at run time, which a Worker refuses.
 *
 * @module
 */
import { SQLakeError } from '../../../errors.ts'

/** A function type, as the type reflection proposal writes it. */
export interface FunctionType {
	readonly parameters: readonly string[]
	readonly results: readonly string[]
}

/** Name under which the trampoline of a type is imported and exported, such as `v_i32_i32`. */
export function signatureKey(type: FunctionType): string {
	return `${type.results.join('') || 'v'}_${type.parameters.join('_')}`
}

/**
 * A stand-in for the constructor `WebAssembly.Function` of the type reflection proposal, which workerd lacks.
 *
 * @param trampolines The module written by `scripts/generate-trampolines.ts`: one import and one export for each signature.
 * @throws `INTERNAL` for a signature that the module does not know.
 */
export function wasmFunctionMaker(
	trampolines: WebAssembly.Module,
): (type: FunctionType, implementation: CallableFunction) => WebAssembly.ExportValue {
	const unused: Record<string, CallableFunction> = {}
	for (const { name } of WebAssembly.Module.exports(trampolines)) unused[name] = () => 0
	return (type, implementation) => {
		const key = signatureKey(type)
		if (!(key in unused)) throw new SQLakeError('INTERNAL', `trampolines.wasm: no trampoline for the signature ${key}`)
		const instance = new WebAssembly.Instance(trampolines, { e: { ...unused, [key]: implementation } })
		return instance.exports[key] as WebAssembly.ExportValue
	}
}
