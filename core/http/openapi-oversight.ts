/** What looks after a tenant, as OpenAPI describes it: failed deliveries, links, feeds. */
import { RETRY_BODY } from './delivery-routes.ts'
import { answer, answerList, body, COUNT, type Json, operation } from './openapi-parts.ts'

const text = (name: string, more: Json = {}) => ({ name, in: 'query', schema: { type: 'string', ...more } })
const PAGE = [
  { ...text('after'), description: 'The cursor `next` of the page before.' },
  { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } },
]
export const OVERSIGHT_PATHS: Json = {
  '/api/deliveries': {
    get: operation('Deliveries to handlers that have failed, newest first', {
      parameters: [
        ...PAGE,
        { ...text('handler'), description: '`<plugin>.<handler>`' },
        { ...text('state', { enum: ['dead', 'tried'] }), description: 'Given up, or still tried again.' },
      ],
    }),
  },
  '/api/deliveries/handlers': {
    get: operation(
      'How many deliveries of each handler are dead; ten thousand are counted at most',
      answerList({ type: 'object', properties: { handler: { type: 'string' }, dead: COUNT } }),
    ),
  },
  '/api/deliveries/retry': {
    post: operation('Have the dead deliveries of a handler told again, five thousand at a time', {
      ...body(RETRY_BODY),
      ...answer({ count: COUNT, left: { type: 'boolean', description: 'Some may be left: ask again.' } }),
    }),
  },
  '/api/deliveries/{id}/retry': { post: operation('Have a dead delivery told again') },
  '/api/feeds': { get: operation('What plugins keep running for the tenant, and how it goes', { parameters: PAGE }) },
  '/api/links': {
    get: operation('Links of the tenant, newest first; with `subject`, all of one record that still open something', {
      parameters: [
        text('subject', { format: 'uuid' }),
        text('plugin'),
        { ...text('state', { enum: ['open', 'over'], default: 'open' }), description: 'Over: revoked, used up, past.' },
        ...PAGE,
      ],
    }),
  },
  '/api/links/{id}': { delete: operation('Revoke a link', { responses: { 204: { description: 'Revoked.' } } }) },
}
