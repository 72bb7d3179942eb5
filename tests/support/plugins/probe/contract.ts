import { defineEvent, defineResource } from 'weft'
import schema from '../tasklist/schemas/tasklist.json' with { type: 'json' }

/** The resource of the plugin that this one requires. */
export const tasks = defineResource({ name: 'tasklist', schema, belongsTo: 'clients' })

export const rang = defineEvent<{ recordId: string; word: string }>('probe.rang')
