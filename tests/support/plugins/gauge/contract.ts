import { defineResource } from 'weft'
import noteSchema from './schemas/notes.json' with { type: 'json' }
import partSchema from './schemas/parts.json' with { type: 'json' }
import schema from './schemas/gauge.json' with { type: 'json' }

export const gauges = defineResource({ name: 'gauge', schema })
export const parts = defineResource({ name: 'gauge.parts', schema: partSchema, belongsTo: 'gauge' })

/** Everybody meets their own notes and those that are shared, and writes only the former. */
export const notes = defineResource({
  name: 'gauge.notes',
  schema: noteSchema,
  belongsTo: 'gauge',
  rule: { read: { any: [{ createdBy: 'me' }, { isShared: true }] }, write: { createdBy: 'me' } },
})
