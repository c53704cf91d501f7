import { SQLake } from 'sqlake'
import { integer, text } from 'sqlake/columns'
import firstManifest from './manifests/first.json' with { type: 'json' }
import secondManifest from './manifests/second.json' with { type: 'json' }

const lake = { shard: { members: 'id' }, r2Bucket: 'EVOLVING_BUCKET' } as const

const first = SQLake({
	members: { id: text('id').primaryKey(), email: text('email').notNull(), age: integer('age'), joined: integer('joined') },
	...lake,
})

/** `email` is called `mail`, `age` is gone, `plan` is new, and `joined` is a Date. */
const second = SQLake({
	members: {
		id: text('id').primaryKey(),
		mail: text('mail').notNull(),
		joined: integer('joined', { mode: 'timestamp' }),
		plan: text('plan').default('free'),
	},
	...lake,
})

/** The application in two releases, with the manifests that `sqlake generate` wrote for them. */
export const releases = {
	first: { schema: first, migrations: firstManifest },
	second: { schema: second, migrations: secondManifest },
}

/** Which of them objects start with: the code of a deployment. */
export const deployed: { release: keyof typeof releases } = { release: 'first' }
