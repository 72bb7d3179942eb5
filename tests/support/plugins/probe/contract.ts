import { defineEvent, defineResource } from 'weft'
import schema from '../tasklist/schemas/tasklist.json' with { type: 'json' }

/** The resource of the plugin that this one requires. */
export const tasks = defineResource({ name: 'tasklist', schema, belongsTo: 'clients' })

export const posted = defineEvent<{ to: string; fails: boolean }>('probe.posted')

/** `stop` says after which step it fails. */
export const counted = defineEvent<{ clientId: string; count: number; stop: number }>('probe.counted')
export const rang = defineEvent<{ recordId: string; word: string }>('probe.rang')
export const dozed = defineEvent<{ ms: number }>('probe.dozed')
