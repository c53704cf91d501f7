/** drizzle-kit's migrations.js imports its SQL files as text: see "rules" in the configurations of wrangler. */
declare module '*.sql' {
	const text: string
	export default text
}
