/** Identity providers of the tenant, for its administrators. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ROLES } from '../access/policy.ts'
import type { ProviderInput } from '../access/providers.ts'
import { assertFits } from '../resource/validate.ts'
import { claimsOf } from './caller.ts'
import { callerOf } from './request.ts'
import type { Services } from './services.ts'

const text = { type: 'string', minLength: 1, maxLength: 1000 }
const properties = {
  name: { type: 'string', minLength: 1, maxLength: 200 },
  issuer: { ...text, description: 'As the provider calls itself: `https://login.example.org`.' },
  clientId: text,
  clientSecret: { ...text, description: 'Written, and never read back.' },
  domains: { type: 'array', maxItems: 50, items: { type: 'string', maxLength: 253 } },
  joinRole: {
    type: ['string', 'null'],
    enum: ['administrator', 'member', null],
    description: 'As what somebody unknown of one of the domains joins; null where nobody does.',
  },
  passwords: {
    type: 'boolean',
    description: 'Whether members who are no administrators may sign in by password and passkey too.',
  },
}
/** What makes a provider. */
export const PROVIDER_BODY = {
  type: 'object',
  required: ['name', 'issuer', 'clientId', 'clientSecret'],
  additionalProperties: false,
  properties,
}
/** What changes one. */
export const PROVIDER_CHANGE = { type: 'object', minProperties: 1, additionalProperties: false, properties }
const DEFAULTS = { domains: [], joinRole: null, passwords: true }

type AtId = { Params: { id: string } }

/** Where a provider sends the browser back to. One for each provider, so that none can be taken for another (RFC 9700). */
export function redirectUriOf(request: FastifyRequest, { config }: Services, id: string): string {
  const address = config.url ?? `${request.protocol}://${request.headers.host}`
  return `${address.replace(/\/+$/, '')}/api/session/providers/${id}/callback`
}

export function registerProviders(app: FastifyInstance, services: Services): void {
  const { providers, openId } = services
  // Whom a provider lets in, and as what, is said by administrators alone.
  const config = { access: ROLES }
  const path = '/api/identity-providers'
  const withUri = <P extends { id: string }>(request: FastifyRequest, provider: P) => ({
    ...provider,
    redirectUri: redirectUriOf(request, services, provider.id),
  })
  const claims = (request: FastifyRequest) => claimsOf(callerOf(request), null)

  app.get(path, { config }, async (request) => {
    const items = await providers.list(callerOf(request).identity.tenant.id)
    return { items: items.map((each) => withUri(request, each)) }
  })

  app.post(path, { config }, async (request, reply) => {
    assertFits(PROVIDER_BODY, request.body)
    const input = { ...DEFAULTS, ...(request.body as ProviderInput) }
    return reply.code(201).send(withUri(request, await providers.create(claims(request), input)))
  })

  app.get<AtId>(`${path}/:id`, { config }, async (request) =>
    withUri(request, await providers.read(callerOf(request).identity.tenant.id, request.params.id)),
  )

  app.patch<AtId>(`${path}/:id`, { config }, async (request) => {
    assertFits(PROVIDER_CHANGE, request.body)
    const change = request.body as Partial<ProviderInput>
    return withUri(request, await providers.change(claims(request), request.params.id, change))
  })

  app.delete<AtId>(`${path}/:id`, { config }, async (request, reply) => {
    await providers.remove(claims(request), request.params.id)
    return reply.code(204).send()
  })

  /** An answer either way: that a provider is not reached is no fault of the request. */
  app.post<AtId>(`${path}/:id/test`, { config }, async (request) => {
    const { id } = await providers.read(callerOf(request).identity.tenant.id, request.params.id)
    const provider = await providers.open(id)
    const reason = provider ? await openId.test(provider) : 'metadata'
    return { reached: reason === null, reason }
  })
}
