/** Clients: the first resource, behind the same door as any plugin. */
import { defineEvent, defineResource } from 'weft'
import schema from './schemas/clients.json' with { type: 'json' }

export const clients = defineResource({ name: 'clients', schema })

/** The demo tenant has its clients: a plugin may add what it would show of them. */
export const clientsDemonstrated = defineEvent<{ count: number }>('clients.demonstrated')
