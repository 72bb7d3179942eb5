import { defineResource } from 'weft'
import draftSchema from './schemas/drafts.json' with { type: 'json' }
import schema from './schemas/meter.json' with { type: 'json' }

/** Telemetry of any record. */
export const readings = defineResource({
  name: 'meter',
  schema,
  belongsTo: 'any',
  keep: 'log',
  retention: { days: 30 },
})

/** What is staged for a client, for its maker and for whom it is shared with. */
export const drafts = defineResource({
  name: 'meter.drafts',
  schema: draftSchema,
  belongsTo: 'clients',
  keep: 'scratch',
  retention: { days: 2 },
  rule: { read: { any: [{ createdBy: 'me' }, { isShared: true }] }, write: { createdBy: 'me' } },
})
