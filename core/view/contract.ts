/** Saved views: how somebody looks at a list, kept for themselves or shared; behind the same door as any plugin. */
import { defineResource } from 'weft'
import schema from './schemas/views.json' with { type: 'json' }

export const views = defineResource({
  name: 'views',
  schema,
  rule: { read: { any: [{ createdBy: 'me' }, { isShared: true }] }, write: { createdBy: 'me' } },
})
