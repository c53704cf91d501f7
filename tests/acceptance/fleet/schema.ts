import { SQLake } from 'sqlake'
import { integer, text } from 'sqlake/columns'

/** The tables after the last migration of `manifest.json`. */
export const schema = SQLake({
	users: { id: text('id').primaryKey(), email: text('email'), age: integer('age'), note: text('note') },
	notes: { id: text('id').primaryKey(), body: text('body') },
	shard: { users: 'id', notes: 'id' },
})
export const { users } = schema.tables
