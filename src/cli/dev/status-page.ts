import { messageOf, SQLakeError } from '../../errors.ts'
import type { LocalRouter } from '../../local/local-router.ts'
import { html } from '../http/html.ts'
import { listShards, showShard } from './list-shards.ts'
import { listTables } from './list-tables.ts'
import type { LocalProject } from './local-project.ts'
import type { ProjectHost } from './project-host.ts'

/** Shards whose rows are counted for the page. */
const SHOWN = 20

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent) }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
pre, code { font: 13px/1.5 ui-monospace, monospace } pre { overflow: auto; padding: .8rem; border: 1px solid color-mix(in srgb, currentColor 15%, transparent); border-radius: .4rem }
.quiet { opacity: .65 }
`

/**
 * What a dev server serves, at a glance.
 *
 * @param host - name and port that it was asked by
 * @returns the page, of a nonce
 */
export async function statusPage(
	router: LocalRouter,
	{ project, problem }: Pick<ProjectHost, 'project' | 'problem'>,
	host: string,
): Promise<(nonce: string) => string> {
	const [{ tables }, page] = await Promise.all([
		listTables(router),
		listShards(router, new URLSearchParams({ limit: String(SHOWN) })),
	])
	const shards = await Promise.all(page.shards.map((name) => showShard(router, name)))
	const [first] = tables
	const example = JSON.stringify({ sql: `SELECT * FROM ${first?.name ?? 'users'} LIMIT 10`, mode: 'analytics', flush: true })
	return (nonce) =>
		html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>sqlake dev</title><style nonce="${nonce}">${STYLE}</style></head>
<body>
<h1>sqlake dev</h1>
<p>${tables.length} tables from ${ORIGINS[project.source]}, ${page.total} shards. Ask <code>POST /query</code>; see also
<a href="/tables">/tables</a>, <a href="/shards">/shards</a> and <a href="/health">/health</a>.</p>
${
	problem === null
		? ''
		: html`<p role="alert"><strong>The project changed, and what was served before goes on:</strong> ${messageOf(problem)}<br>
<span class="quiet">${SQLakeError.is(problem) ? problem.hint : ''}</span></p>`
}<pre>curl ${host}/query -d '${example}'</pre>
<h2>Tables</h2>
<table>
<tr><th>table</th><th>shard key</th><th class="number">columns</th><th class="number">changes in the lake</th><th class="number">files</th><th>last delivery</th></tr>
${tables.map(
	({
		name,
		shardKey,
		columns,
		lake,
	}) => html`<tr><td>${name}</td><td>${shardKey?.join(', ') ?? html`<span class="quiet">global</span>`}</td>
<td class="number">${columns.length}</td><td class="number">${lake?.changes ?? 0}</td><td class="number">${lake?.files ?? 0}</td>
<td>${lake?.updatedAt ?? html`<span class="quiet">none yet</span>`}</td></tr>`,
)}
</table>
<h2>Shards</h2>
${shards.length === 0 ? html`<p class="quiet">None yet: the first write makes one.</p>` : ''}
<table>
${shards.length === 0 ? '' : html`<tr><th>shard</th>${tables.map(({ name }) => html`<th class="number">${name}</th>`)}<th class="number">not in the lake yet</th></tr>`}
${shards.map(
	({ name, rows, buffered }) => html`<tr><td><a href="/shards/${encodeURIComponent(name)}">${name}</a></td>
${tables.map((table) => html`<td class="number">${rows[table.name] ?? '–'}</td>`)}<td class="number">${buffered}</td></tr>`,
)}
</table>
${page.next === null ? '' : html`<p class="quiet">The first ${SHOWN} of ${page.total}; the others: <a href="/shards?after=${encodeURIComponent(page.next)}">/shards</a></p>`}
</body>
</html>
`.text
}

const ORIGINS: Readonly<Record<LocalProject['source'], string>> = {
	manifest: 'the manifest',
	folder: "drizzle-kit's migrations",
	schema: 'the schema, without migrations',
}
