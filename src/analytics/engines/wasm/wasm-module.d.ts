/** A WebAssembly file that is imported into a Worker: compiled by the platform when the Worker is deployed. */
declare module '*.wasm' {
	const module: WebAssembly.Module
	export default module
}
