import type { CatalogTable } from '../../lake/catalog/catalog.ts'
import type { IcebergSchema } from '../../lake/iceberg/types.ts'
import { type SchemaLogEntry, schemaLogOf, schemaVersionOf } from '../../lake/schema-log.ts'
import { showTime, type View } from './view.ts'

/** The fields of a table with their ids, in its current schema or in all that it has had. */
export function viewSchema({ metadata }: CatalogTable, all: boolean): View {
	const log = schemaLogOf(metadata)
	const schemas = metadata.schemas.map((schema) =>
		describeSchema(schema, log, schema['schema-id'] === metadata['current-schema-id']),
	)
	const shown = schemas.filter(({ current }) => all || current).sort((a, b) => b.schemaId - a.schemaId)
	const others = schemas.length - shown.length
	return {
		document: { schemaVersion: schemaVersionOf(metadata), currentSchemaId: metadata['current-schema-id'], schemas: shown },
		columns: [...(all ? ['schema'] : []), 'id', 'field', 'type', 'required', 'SQL type', 'mode'],
		rows: shown.flatMap(({ schemaId, fields }) =>
			fields.map(({ id, name, type, required, declaredType, mode }) => [
				...(all ? [schemaId] : []),
				id,
				name,
				type,
				required ? 'yes' : 'no',
				declaredType,
				mode,
			]),
		),
		note: `schema ${metadata['current-schema-id']}, version ${schemaVersionOf(metadata)}${others > 0 ? `; --all shows ${others} earlier` : ''}`,
	}
}

function describeSchema(schema: IcebergSchema, log: readonly SchemaLogEntry[], current: boolean) {
	const entry = log.findLast(({ schemaId }) => schemaId === schema['schema-id'])
	return {
		schemaId: schema['schema-id'],
		current,
		version: entry?.table.version ?? null,
		since: entry === undefined ? null : showTime(entry.since),
		primaryKey: entry?.table.primaryKey ?? null,
		shardKey: entry?.table.shardKey ?? null,
		fields: schema.fields.map(({ id, name, type, required, doc }) => {
			const column = entry?.table.columns.find(({ fieldId }) => fieldId === id)
			return {
				id,
				name,
				type,
				required,
				declaredType: column?.declaredType ?? null,
				mode: column?.mode ?? null,
				...(doc === undefined ? {} : { doc }),
			}
		}),
	}
}
