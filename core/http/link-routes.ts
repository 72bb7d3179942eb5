/** The links of a record and of the tenant, for their people: which there are, and an end to one. */
import type { FastifyInstance } from 'fastify'
import { Problem } from '../contract.ts'
import { isUuid } from '../resource/formats.ts'
import { listAllLinks } from '../work/link-list.ts'
import { listLinks, revokeLink, without } from '../work/links.ts'
import { readLimit } from '../work/query.ts'
import { openSingle, type Unit } from '../work/unit.ts'
import { type Caller, claimsOf } from './caller.ts'
import { callerOf, pairsOf } from './request.ts'
import type { Services } from './services.ts'

const access = 'links.manage'

/** Whom a record is shared with is told to those alone who may read it. */
async function mayRead(read: Unit['read'], caller: Caller, of: { tenant: string; subject: string }): Promise<boolean> {
  if (!isUuid(of.subject)) return false
  const text = 'select resource from kernel.records where tenant_id = $1 and id = $2'
  const { rows } = await read<{ resource: string }>({ text, values: [of.tenant, of.subject] })
  return rows.some(({ resource }) => caller.permissions.has(`${resource}.read`))
}

const QUERY = ['subject', 'plugin', 'state', 'after', 'limit']

/** Those of one record come at once, with nothing else asked. */
function assertAlone(given: ReadonlyMap<string, string>): void {
  const other = [...given.keys()].find((name) => name !== 'subject')
  if (other !== undefined) throw new Problem(400, 'invalid_query', [{ path: other, code: 'unknown' }])
}

export function registerLinks(app: FastifyInstance, { database, cursorKey }: Services): void {
  const unitOf = (caller: Caller) => openSingle(database, claimsOf(caller, null))

  function listPage(caller: Caller, given: ReadonlyMap<string, string>) {
    const { composition, permissions, rules, identity } = caller
    const plugin = given.get('plugin')
    return listAllLinks(unitOf(caller).read, {
      tenant: identity.tenant.id,
      plugins: [...composition.plugins].filter((id) => plugin === undefined || id === plugin),
      resources: [...composition.resources.keys()].filter((name) => permissions.has(`${name}.read`)),
      ruled: rules.ruled,
      state: given.get('state') ?? 'open',
      after: given.get('after') ?? null,
      limit: readLimit(given.get('limit')),
      cursorKey,
    })
  }

  app.get('/api/links', { config: { access, query: QUERY } }, async (request) => {
    const caller = callerOf(request)
    const given = new Map(pairsOf(request))
    const subject = given.get('subject')
    if (subject === undefined) return listPage(caller, given)
    assertAlone(given)
    const of = { tenant: caller.identity.tenant.id, subject, plugins: [...caller.composition.plugins] }
    const { read } = unitOf(caller)
    if (!(await mayRead(read, caller, of))) return { items: [] }
    const links = await listLinks(read, of)
    // What a link carries is between its plugin and its holder.
    return { items: links.map((link) => without(link, 'data')) }
  })

  app.delete<{ Params: { id: string } }>('/api/links/:id', { config: { access } }, async (request, reply) => {
    const caller = callerOf(request)
    const of = { tenant: caller.identity.tenant.id, id: request.params.id, plugins: [...caller.composition.plugins] }
    if (!(await revokeLink(unitOf(caller).write, of))) throw new Problem(404, 'not_found')
    return reply.code(204).send()
  })
}
