/** Environment of a Worker that uses sqlake. Extend it by your own bindings; the bucket is named by the schema's `r2Bucket`. */
export interface SQLakeWorkerEnv {
	/** The bucket of the lake, under the name that `SQLake()` takes by default. */
	readonly SQLAKE_BUCKET?: R2Bucket
	/** The namespace of the class `SQLakeCatalog`. Without it the lake's catalog is a pointer in the bucket. */
	readonly SQLAKE_CATALOG?: Pick<DurableObjectNamespace, 'idFromName'>
}
