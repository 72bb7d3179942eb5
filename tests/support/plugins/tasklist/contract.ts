import { defineEvent, defineResource } from 'weft'
import schema from './schemas/tasklist.json' with { type: 'json' }

export const tasks = defineResource({ name: 'tasklist', schema, belongsTo: 'clients' })
export const closed = defineEvent<{ count: number }>('tasklist.closed')
