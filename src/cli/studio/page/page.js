/** The page of sqlake studio. Nothing of what the server sends is ever taken for HTML: all of it becomes text of elements. */

const PAGE = 50
const $ = (id) => document.getElementById(id)
const state = { studio: null, tables: [], table: null, offset: 0, more: false }

/** Makes an element with text, attributes and listeners. */
function element(name, { text, children = [], ...attributes } = {}) {
	const made = document.createElement(name)
	if (text !== undefined) made.textContent = text
	for (const [key, value] of Object.entries(attributes)) {
		if (key.startsWith('on')) made.addEventListener(key.slice(2), value)
		else made.setAttribute(key, value)
	}
	made.append(...children)
	return made
}

/** Asks the server; throws what it says went wrong. */
async function ask(path, body) {
	const response = await fetch(path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
	const answer = await response.json()
	if (answer.error) throw new Error(`${answer.error.message}\nhint: ${answer.error.hint}`)
	return answer
}

const quote = (name) => `"${name.replaceAll('"', '""')}"`
const source = () => document.querySelector('input[name=source]:checked')?.value
const inLake = () => state.studio.kind === 'project' && source() === 'lake'

/** Where the form says to look, in the words of POST /query. */
function place() {
	if (state.studio.kind === 'file') return {}
	if (source() === 'shard') return { shard: $('shard').value }
	const asOf = $('as-of').value
	if (asOf !== '') return { asOf: new Date(asOf).toISOString() }
	return { mode: 'analytics', flush: $('flush').checked }
}

async function run(sql, show) {
	$('error').hidden = true
	$('status').textContent = 'running'
	const start = performance.now()
	try {
		if (state.studio.kind === 'project' && source() === 'shard' && $('shard').value === '') {
			throw new Error('Name a shard, or look into the lake.')
		}
		const answer = await ask('/query', { sql, ...place(), format: 'arrays' })
		const took = `${Math.round(performance.now() - start)} ms`
		const wrote = answer.columns.length === 0
		const count = wrote ? answer.rowsAffected : answer.rows.length
		$('status').textContent = `${count} ${count === 1 ? 'row' : 'rows'}${wrote ? ' written' : ''}, ${took}`
		show(answer)
	} catch (error) {
		$('status').textContent = ''
		$('error').textContent = error.message
		$('error').hidden = false
		fill($('rows'), [], [])
	}
}

/** A value of SQLite as a person reads it. */
function show(value) {
	if (value === null) return { text: 'NULL', class: 'quiet' }
	if (typeof value === 'number') return { text: String(value), class: 'number' }
	if (typeof value === 'string') return { text: value, title: value }
	if ('$int' in value) return { text: value.$int, class: 'number' }
	if ('$real' in value) return { text: value.$real, class: 'number' }
	const bytes = Uint8Array.from(atob(value.$base64), (character) => character.charCodeAt(0))
	const head = Array.from(bytes.slice(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
	return { text: `x'${head}${bytes.length > 16 ? '…' : ''}' ${bytes.length} bytes`, class: 'quiet' }
}

/** Fills a table; `open` is called with a row that was chosen. */
function fill(table, columns, rows, open) {
	const head = element('tr', { children: columns.map((name) => element('th', { text: name, scope: 'col' })) })
	const body = rows.map((row) => {
		const cells = row.map((value) => element('td', show(value)))
		if (open === undefined) return element('tr', { children: cells })
		const choose = () => open(row)
		const onkeydown = (event) => event.key === 'Enter' && choose()
		return element('tr', { children: cells, tabindex: '0', onclick: choose, onkeydown })
	})
	table.replaceChildren(element('thead', { children: [head] }), element('tbody', { children: body }))
	table.parentElement.scrollTop = 0
}

/** Shows a page of the chosen table. */
async function browse() {
	const { table, offset } = state
	if (table === null) return
	const order = table.primaryKey.length === 0 ? '' : ` ORDER BY ${table.primaryKey.map(quote).join(', ')}`
	const sql = `SELECT * FROM ${quote(table.name)}${order} LIMIT ${PAGE} OFFSET ${offset}`
	$('sql').value = sql
	$('history').hidden = true
	// One more than is shown, to know whether there is another page.
	await run(sql.replace(`LIMIT ${PAGE}`, `LIMIT ${PAGE + 1}`), ({ columns, rows }) => {
		state.more = rows.length > PAGE
		const shown = rows.slice(0, PAGE)
		const range = shown.length === 0 ? 'no rows' : `${offset + 1} to ${offset + shown.length}`
		$('pages').hidden = false
		$('page').textContent = range
		$('status').textContent = $('status').textContent.replace(/^\d+ rows?, /, '')
		$('previous').disabled = offset === 0
		$('next').disabled = !state.more
		const hasHistory = state.studio.kind === 'project' && table.primaryKey.length > 0
		fill($('rows'), columns, shown, hasHistory ? (row) => showHistory(table, columns, row) : undefined)
	})
}

/** Shows what happened to a row, from the lake. */
async function showHistory(table, columns, row) {
	// Rows of several shards may have one primary key; a row never leaves its shard.
	const names = [...new Set([...table.primaryKey, ...(table.shardKey ?? [])])]
	const conditions = names.map((name) => `${quote(name)} = ?`)
	const params = names.map((name) => row[columns.indexOf(name)])
	if (!inLake()) {
		conditions.push('_shard = ?')
		params.push($('shard').value)
	}
	const sql = `SELECT _ts, _op, _shard, _seq, ${table.columns.map(({ name }) => quote(name)).join(', ')} FROM ${quote(table.name)}
WHERE ${conditions.join(' AND ')} ORDER BY _ts, _seq`
	try {
		const changes = await ask('/query', { sql, params, between: [0, Date.now() + 1000], flush: true, format: 'arrays' })
		const rows = changes.rows.map(([ts, ...rest]) => [new Date(ts).toISOString(), ...rest])
		fill($('changes'), changes.columns, rows)
		$('history').hidden = false
		$('close').focus()
	} catch (error) {
		$('error').textContent = error.message
		$('error').hidden = false
	}
}

function choose(table) {
	state.table = table
	state.offset = 0
	for (const button of $('tables').querySelectorAll('button'))
		button.setAttribute('aria-current', button.dataset.name === table.name)
	return browse()
}

function turn(pages) {
	if (state.table === null || (pages > 0 && !state.more) || (pages < 0 && state.offset === 0)) return undefined
	state.offset = Math.max(0, state.offset + pages * PAGE)
	return browse()
}

/** Goes to the table before or after the chosen one. */
function step(by) {
	const at = state.tables.indexOf(state.table)
	const next = state.tables[Math.min(Math.max(at + by, 0), state.tables.length - 1)]
	if (next !== undefined && next !== state.table) choose(next)
}

function adjustForm() {
	$('where').hidden = state.studio.kind === 'file'
	$('shard').disabled = source() !== 'shard'
	$('as-of-label').hidden = $('flush-label').hidden = source() !== 'lake'
	$('flush').disabled = $('as-of').value !== ''
}

async function start() {
	const [studio, { tables }, { shards }] = await Promise.all([ask('/studio'), ask('/tables'), ask('/shards?limit=1000')])
	Object.assign(state, { studio, tables })
	$('title').textContent = studio.title
	document.title = `${studio.title} · sqlake studio`
	$('shards').append(...shards.map((value) => element('option', { value })))
	$('shard').value = shards[0] ?? ''
	const first = shards.length > 0 ? 'shard' : 'lake'
	document.querySelector(`input[name=source][value=${first}]`).checked = true
	adjustForm()
	$('tables').append(
		...tables.map((table) => {
			const label = [element('span', { text: table.name }), element('small', { text: `${table.columns.length} columns` })]
			return element('li', {
				children: [element('button', { type: 'button', 'data-name': table.name, children: label, onclick: () => choose(table) })],
			})
		}),
	)
	if (tables[0] !== undefined) await choose(tables[0])
}

$('ask').addEventListener('submit', (event) => {
	event.preventDefault()
	$('pages').hidden = true
	$('history').hidden = true
	run($('sql').value, ({ columns, rows }) => fill($('rows'), columns, rows))
})
$('where').addEventListener('submit', (event) => event.preventDefault())
$('where').addEventListener('change', () => {
	adjustForm()
	state.offset = 0
	browse()
})
$('previous').addEventListener('click', () => turn(-1))
$('next').addEventListener('click', () => turn(1))
$('close').addEventListener('click', () => {
	$('history').hidden = true
})
document.addEventListener('keydown', (event) => {
	if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) return $('ask').requestSubmit()
	if (event.key === 'Escape') {
		$('history').hidden = true
		return document.activeElement?.blur()
	}
	if (event.target.matches('input, textarea') || event.ctrlKey || event.metaKey || event.altKey) return undefined
	const keys = { '/': () => $('sql').focus(), j: () => step(1), k: () => step(-1), '[': () => turn(-1), ']': () => turn(1) }
	const action = keys[event.key]
	if (action === undefined) return undefined
	event.preventDefault()
	return action()
})
start().catch((error) => {
	$('error').textContent = error.message
	$('error').hidden = false
})
