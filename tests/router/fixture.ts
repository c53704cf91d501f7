import { integer, numeric, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { SQLakeError } from '../../src/errors.ts'
import { determineRoute } from '../../src/router/determine-route.ts'
import { SQLake } from '../../src/schema/database.ts'
import type { LakeSchema } from '../../src/schema/table-schema.ts'

const { lake } = SQLake({
	users: { id: text('id').primaryKey(), email: text('email'), age: integer('age') },
	orders: { id: text('id').primaryKey(), userId: text('user_id').notNull(), amount: integer('amount'), note: text('note') },
	sensors: { id: integer('id').primaryKey(), name: text('name') },
	readings: { id: text('id').primaryKey(), sensor: integer('sensor').notNull(), value: real('value') },
	scales: { weight: real('weight').primaryKey(), label: text('label') },
	prices: { price: numeric('price').primaryKey(), label: text('label') },
	codes: { code: text('code').primaryKey(), label: text('label') },
	visits: sqliteTable('visits', { tenant: text('tenant'), region: integer('region'), page: text('page') }, (table) => [
		primaryKey({ columns: [table.tenant, table.region, table.page] }),
	]),
	plans: { id: text('id').primaryKey(), price: integer('price') },
	shard: {
		users: 'id',
		orders: 'userId',
		sensors: 'id',
		readings: 'sensor',
		scales: 'weight',
		prices: 'price',
		codes: 'code',
		visits: ['tenant', 'region'],
	},
	global: ['plans'],
})

/** SQLake() refuses a caseless shard key; the router does not rely on that. */
export const schema: LakeSchema = {
	...lake,
	tables: new Map(
		Array.from(lake.tables, ([name, table]) => {
			const columns = table.columns.map((column) =>
				column.name === 'code' ? { ...column, declaredType: 'TEXT COLLATE NOCASE' } : column,
			)
			return [name, { ...table, columns }]
		}),
	),
}

/** A statement's route in short: `shard a`, `shards a b`, `any`, `none`, `scatter users`, or an error's code. */
export function routeOf(sql: string, ...params: readonly unknown[]): string {
	try {
		const route = determineRoute(sql, { schema, params })
		if (route.kind === 'shard') return `shard ${route.shard}`
		if (route.kind === 'shards') return `shards ${[...route.shards].sort().join(' ')}`
		return route.kind === 'scatter' ? `scatter ${route.table}` : route.kind
	} catch (error) {
		if (error instanceof SQLakeError) return error.code
		throw error
	}
}
