#!/usr/bin/env node
// Kept to what Node 10 parses: an old Node must say what is wrong, not fail to read this file.
var needed = [22, 12]
var found = process.versions.node.split('.').map(Number)

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
	process.stderr.write(`sqlake needs Node ${needed.join('.')} or newer, found ${process.version}\n`)
	process.exitCode = 1
} else {
	// Compiled code is kept between runs: it halves the time that --help takes.
	process.getBuiltinModule('node:module').enableCompileCache()
	import('../dist/cli/main.js')
		.then((cli) => cli.main(process.argv.slice(2)))
		.then((exitCode) => {
			process.exitCode = exitCode
		})
}
