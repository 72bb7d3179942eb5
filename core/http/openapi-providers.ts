/** Identity providers and signing in by them, as OpenAPI describes it. */
import { answer, answerList, body, type Json, NO_CONTENT, operation } from './openapi-parts.ts'
import { PROVIDER_BODY, PROVIDER_CHANGE } from './provider-routes.ts'
import { BEGIN_BODY, LINK_BODY, LOOK_BODY } from './provider-sign-in-routes.ts'

const { clientSecret: _written, ...told } = PROVIDER_BODY.properties
const PROVIDER = {
  id: { type: 'string', format: 'uuid' },
  ...told,
  linked: { type: 'integer', description: 'How many members have linked their account.' },
  redirectUri: { type: 'string', description: 'To be entered at the provider, to the letter.' },
  createdAt: { type: 'string', format: 'date-time' },
  updatedAt: { type: 'string', format: 'date-time' },
}
const CHOICE = {
  type: 'object',
  properties: { id: { type: 'string' }, name: { type: 'string' }, organisation: { type: 'string' } },
}
const DEPARTURE = answer({ url: { type: 'string', description: 'Where to send the browser, which got a cookie.' } })
const REASONS = ['address', 'late', 'unreachable', 'metadata', 'issuer', 'endpoints', 'algorithms', null]

export const PROVIDER_PATHS: Json = {
  '/api/identity-providers': {
    get: operation('Identity providers of the tenant', answerList({ type: 'object', properties: PROVIDER })),
    post: operation('Trust an identity provider (OpenID Connect)', {
      ...body(PROVIDER_BODY),
      ...answer(PROVIDER, 201),
    }),
  },
  '/api/identity-providers/{id}': {
    get: operation('One of them', answer(PROVIDER)),
    patch: operation('Change it; another issuer needs the client secret anew, and ends its sessions', {
      ...body(PROVIDER_CHANGE),
      ...answer(PROVIDER),
    }),
    delete: operation('Trust it no more; its sessions end, and what was linked is forgotten', NO_CONTENT),
  },
  '/api/identity-providers/{id}/test': {
    post: operation(
      'Whether it is reached and can be used, and why not',
      answer({ reached: { type: 'boolean' }, reason: { type: ['string', 'null'], enum: REASONS } }),
    ),
  },
  '/api/session/providers': {
    post: operation('By which providers one may sign in; none for an organisation or domain that is unknown', {
      ...body(LOOK_BODY),
      ...answerList(CHOICE),
    }),
  },
  '/api/session/providers/{id}': {
    post: operation('Begin to sign in by a provider', { ...body(BEGIN_BODY), ...DEPARTURE }),
  },
  '/api/session/providers/{id}/callback': {
    get: operation('Where the provider sends the browser back to', {
      responses: { 303: { description: 'On to a page; signed in, or with `#provider=<code>` of what went wrong.' } },
    }),
  },
  '/api/account/identities': {
    get: operation(
      'What one has linked to the own account here, and by which providers one could',
      answer({
        items: { type: 'array', items: { type: 'object' } },
        providers: { type: 'array', items: { type: 'object' } },
      }),
    ),
    post: operation('Begin to link an account of a provider to the own', { ...body(LINK_BODY), ...DEPARTURE }),
  },
  '/api/account/identities/{id}': { delete: operation('Link it no more', NO_CONTENT) },
}
