import { defineCommand } from '../command.ts'

/** `sqlake push`. */
export const push = defineCommand({
	builder: (yargs) =>
		yargs
			.option('local', { type: 'boolean', describe: 'Into the bucket of wrangler dev, in .wrangler/state (the default)' })
			.option('remote', { type: 'boolean', describe: 'Into the bucket itself, by the S3 API' })
			.option('dry-run', { alias: 'n', type: 'boolean', default: false, describe: 'Print what would change, and change nothing' })
			.option('force', {
				type: 'boolean',
				default: false,
				describe: 'Replace a manifest that is later, or of another history',
			})
			.option('bucket', { type: 'string', requiresArg: true, describe: 'Name of the bucket, for --remote' })
			.option('env', { alias: 'e', type: 'string', requiresArg: true, describe: 'Environment of the wrangler configuration' })
			.conflicts('local', ['remote', 'bucket'])
			.check(({ bucket, remote }) => bucket === undefined || remote === true || '--bucket names one for --remote')
			.example('$0 push', 'For wrangler dev on this machine')
			.example('$0 push --remote --dry-run', 'What a push to production would change')
			.epilogue(
				[
					'Puts the manifest into the bucket as metadata/migrations.json, and lets the Iceberg tables follow the schema.',
					'',
					'--remote reads from the environment:',
					'  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY   of an R2 API token (AWS_SESSION_TOKEN too, if it has one)',
					'  CLOUDFLARE_ACCOUNT_ID                      whose bucket it is',
					'  SQLAKE_S3_ENDPOINT, SQLAKE_S3_REGION       another S3 service, or a jurisdiction of R2',
				].join('\n'),
			),
	run: async (args, context) => {
		const { runPush } = await import('../push/run-push.ts')
		const { local, remote, dryRun, force, bucket, env } = args
		if (!local && !remote) context.log('Neither --local nor --remote: the bucket of wrangler dev, on this machine')
		return runPush({ local: !remote, dryRun, force, bucket, environment: env }, context)
	},
})
