/**
 * The entries of a wrangler configuration that sqlake needs.
 *
 * @module
 */
import { JsonEditor } from '../json-editor.ts'
import { CATALOG, type Names } from './names.ts'

/** A date whose behaviour sqlake is tested with; errors keep their fields over RPC since 2026-08-01. */
export const COMPATIBILITY_DATE = '2026-10-01'

/** A new `wrangler.jsonc`. */
export function wranglerTemplate(names: Names): string {
	const { worker, binding, className, bucketBinding, bucket, catalog } = names
	const bindings = [{ name: binding, class_name: className }, ...(catalog ? [catalogBinding] : [])]
	const classes = [className, ...(catalog ? [CATALOG.className] : [])]
	const list = (items: readonly object[]) => items.map((item) => `\t\t\t${inline(item)}`).join(',\n')
	return `{
	"$schema": "./node_modules/wrangler/config-schema.json",
	"name": ${JSON.stringify(worker)},
	"main": "./src/worker.ts",
	"compatibility_date": "${COMPATIBILITY_DATE}",
	"compatibility_flags": ["nodejs_compat"],
	"durable_objects": {
		"bindings": [
${list(bindings)}
		]
	},
	"migrations": [{ "tag": "v1", "new_sqlite_classes": [${classes.map((name) => JSON.stringify(name)).join(', ')}] }],
	"r2_buckets": [{ "binding": ${JSON.stringify(bucketBinding)}, "bucket_name": ${JSON.stringify(bucket)} }]
}
`
}

const catalogBinding = { name: CATALOG.binding, class_name: CATALOG.className }

/**
 * Adds what is missing to a `wrangler.json` or `wrangler.jsonc`; what is there stays, comments too.
 *
 * @throws SQLakeError CONFIG_INVALID
 */
export function editWrangler(path: string, text: string, names: Names): string {
	const editor = new JsonEditor(path, text)
	if (editor.get('compatibility_date') === undefined) editor.set(['compatibility_date'], COMPATIBILITY_DATE)
	const flags = editor.get('compatibility_flags')
	if (!Array.isArray(flags) || !flags.includes('nodejs_compat')) editor.push(['compatibility_flags'], 'nodejs_compat')
	addObject(editor, names.binding, names.className)
	if (names.catalog) addObject(editor, CATALOG.binding, CATALOG.className)
	if (!editor.list('r2_buckets').some((bucket) => bucket.binding === names.bucketBinding)) {
		editor.push(['r2_buckets'], { binding: names.bucketBinding, bucket_name: names.bucket })
	}
	return editor.text
}

function addObject(editor: JsonEditor, name: string, className: string): void {
	if (!editor.list('durable_objects', 'bindings').some((binding) => binding.name === name)) {
		editor.push(['durable_objects', 'bindings'], { name, class_name: className })
	}
	const migrations = editor.list('migrations')
	const known = migrations.flatMap(({ new_sqlite_classes }) => (Array.isArray(new_sqlite_classes) ? new_sqlite_classes : []))
	if (known.includes(className)) return
	const tags = new Set(migrations.map(({ tag }) => tag))
	let number = migrations.length + 1
	while (tags.has(`v${number}`)) number++
	editor.push(['migrations'], { tag: `v${number}`, new_sqlite_classes: [className] })
}

/** What to add to a `wrangler.toml`, which is not edited: its comments would not survive. */
export function wranglerToml(names: Names): string {
	const objects = [{ binding: names.binding, className: names.className }, ...(names.catalog ? [CATALOG] : [])]
	return [
		`compatibility_date = "${COMPATIBILITY_DATE}"`,
		'compatibility_flags = ["nodejs_compat"]',
		...objects.flatMap(({ binding, className }) => [
			'',
			'[[durable_objects.bindings]]',
			`name = "${binding}"`,
			`class_name = "${className}"`,
		]),
		'',
		'[[migrations]]',
		'tag = "sqlake-v1"',
		`new_sqlite_classes = [${objects.map(({ className }) => `"${className}"`).join(', ')}]`,
		'',
		'[[r2_buckets]]',
		`binding = "${names.bucketBinding}"`,
		`bucket_name = "${names.bucket}"`,
	].join('\n')
}

function inline(item: object): string {
	return JSON.stringify(item, null, 1).replaceAll(/\n\s*/g, ' ')
}
