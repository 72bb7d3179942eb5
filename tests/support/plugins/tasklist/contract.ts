import { defineEvent, definePoint, defineResource } from 'weft'
import schema from './schemas/tasklist.json' with { type: 'json' }

export const tasks = defineResource({ name: 'tasklist', schema, belongsTo: 'clients' })
export const closed = defineEvent<{ count: number }>('tasklist.closed')

/** Whether a task may be added, and how it is called. */
export const adding = definePoint<{ clientId: string; title: string }>('tasklist.adding', {
  kind: 'veto',
  within: 'command',
  ms: 300,
  onFailure: 'refuse',
})
export const hints = definePoint<{ clientId: string }, { hint: string }>('tasklist.hints', {
  kind: 'collect',
  within: 'command',
  ms: 300,
  onFailure: 'skip',
})
export const channels = definePoint<{ text: string }, { sent: string }>('tasklist.channels', {
  kind: 'choose',
  within: 'exchange',
  ms: 300,
  onFailure: 'refuse',
})
