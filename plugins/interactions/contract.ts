import { defineResource } from 'weft'
import schema from './schemas/interactions.json' with { type: 'json' }

/** What happened with a client, lead, event or venue: a call, an e-mail, a meeting, a note, a change of status. */
export const interactions = defineResource({ name: 'interactions', schema, belongsTo: 'any' })
