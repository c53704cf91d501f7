/**
 * The tables that the builder's queries ask.
 *
 * @module
 */
import { relations } from 'drizzle-orm'
import { blob, integer, numeric, QueryBuilder, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { drizzle } from 'drizzle-orm/sqlite-proxy'

export const users = sqliteTable('users', {
	id: integer('id').primaryKey(),
	name: text('name').notNull(),
	email: text('email'),
	age: integer('age'),
	score: real('score'),
	balance: numeric('balance'),
	active: integer('active', { mode: 'boolean' }).notNull(),
	role: text('role', { enum: ['admin', 'user'] }),
	createdAt: integer('created_at', { mode: 'timestamp' }),
	seenAt: integer('seen_at', { mode: 'timestamp_ms' }),
	settings: text('settings', { mode: 'json' }),
	avatar: blob('avatar', { mode: 'buffer' }),
	managerId: integer('manager_id'),
})
export const posts = sqliteTable('posts', {
	id: text('id').primaryKey(),
	userId: integer('user_id').notNull(),
	title: text('title').notNull(),
	views: integer('views').notNull(),
	rating: real('rating'),
	published: integer('published', { mode: 'boolean' }).notNull(),
	at: integer('at', { mode: 'timestamp' }).notNull(),
})

/** The tables with their rows. */
export const DRIZZLE_SETUP: readonly string[] = [
	`CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, age INTEGER, score REAL, balance NUMERIC, active INTEGER NOT NULL,
		role TEXT, created_at INTEGER, seen_at INTEGER, settings TEXT, avatar BLOB, manager_id INTEGER)`,
	`INSERT INTO users VALUES
		(1, 'Ada', 'ada@x.io', 36, 9.5, 100, 1, 'admin', 1700000000, 1700000000123, '{"a":1}', x'01', NULL),
		(2, 'bob', NULL, 25, 7.25, 2.5, 0, 'user', 1702592000, NULL, NULL, NULL, 1),
		(3, 'Cy', 'cy@x.io', NULL, NULL, NULL, 1, 'user', 1704067200, 1704067200000, '[]', x'ff', 1),
		(4, 'Dée', 'DEE@y.io', 25, -1.5, -3, 1, NULL, NULL, 1706745599999, 'null', x'', 2),
		(5, 'eve_%', '', 58, 0.0, 0.1, 0, 'user', 1709251199, 0, '""', NULL, 2)`,
	`CREATE TABLE posts (id TEXT PRIMARY KEY, user_id INTEGER NOT NULL, title TEXT NOT NULL, views INTEGER NOT NULL, rating REAL, published INTEGER NOT NULL, at INTEGER NOT NULL)`,
	`INSERT INTO posts VALUES ('p1', 1, 'Hello', 10, 4.5, 1, 1704067200), ('p2', 1, 'hello again', 3, NULL, 0, 1704153600), ('p3', 2, 'World', 7, 3.0, 1, 1706745600),
		('p4', 4, 'Ünïcode', 0, 5.0, 1, 1709251200), ('p5', 9, 'lost', 1, 1.0, 0, 1711929600), ('p6', 4, 'HELLO', 22, 4.5, 1, 1711929601)`,
	'CREATE TABLE comments (id INTEGER PRIMARY KEY, post_id TEXT NOT NULL, body TEXT NOT NULL, good INTEGER, at INTEGER, weight REAL)',
	`INSERT INTO comments VALUES (1, 'p1', 'say "hi"', 1, 1704067200123, 0.5), (2, 'p1', 'back\\slash', 0, NULL, NULL), (3, 'p3', 'line
break', NULL, 0, 1e21),
		(4, 'p4', '', 1, 1, 2.0), (5, 'zz', 'orphan', 1, 1, 1.0)`,
]

export const comments = sqliteTable('comments', {
	id: integer('id').primaryKey(),
	postId: text('post_id').notNull(),
	body: text('body').notNull(),
	good: integer('good', { mode: 'boolean' }),
	at: integer('at', { mode: 'timestamp_ms' }),
	weight: real('weight'),
})
const usersRelations = relations(users, ({ one, many }) => ({
	posts: many(posts),
	manager: one(users, { fields: [users.managerId], references: [users.id] }),
}))
const postsRelations = relations(posts, ({ one, many }) => ({
	author: one(users, { fields: [posts.userId], references: [users.id] }),
	comments: many(comments),
}))
const commentsRelations = relations(comments, ({ one }) => ({
	post: one(posts, { fields: [comments.postId], references: [posts.id] }),
}))
/** Only builds: nothing is ever sent. */
export const db = drizzle(async () => ({ rows: [] }), {
	schema: { users, posts, comments, usersRelations, postsRelations, commentsRelations },
})

/** Builds without a database. */
export const qb = new QueryBuilder()
