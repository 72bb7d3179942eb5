/** A member with a role of the tenant's own, which says what is to be tried now. */
import type { Grants } from '../../access/grants.ts'
import { kernelPermissions } from '../../access/policy.ts'
import { StartFault } from '../../fault.ts'
import { PRIVACY } from '../../work/privacy.ts'
import type { Reply, Side, Stage } from './stage.ts'

export type Worn = Partial<Pick<Grants, 'rows' | 'fields'>>

export interface Guise {
  readonly side: Side
  /** A colleague of the same team, of the same role. */
  readonly mate: Side
  /** Gives the role these rows and fields, and all where nothing is said. @returns what the server says of it */
  wear(worn: Worn, isForPrivacy?: boolean): Promise<Reply>
}

const expect = ({ status, text, body }: Reply, what: string) => {
  if (status >= 300) throw new StartFault(`${what}: ${status} ${text}`)
  return body
}

/** What plugins know of, so that nothing but rows and fields keeps anything from the role. */
const ofPlugins = (all: readonly string[]): string[] => {
  const kernels = new Set(kernelPermissions.map(({ name }) => name))
  return all.filter((name) => !kernels.has(name))
}

export async function openGuise(stage: Stage, all: readonly string[]): Promise<Guise> {
  const { own } = stage
  const permissions = ofPlugins(all)
  const made = await own.ask('POST', '/api/roles', { body: { name: 'Of the kit', permissions } })
  const { id, version } = expect(made, 'The kit cannot make a role') as { id: string; version: number }
  const people = [await stage.addMember(own), await stage.addMember(own)] as const
  const ids = people.map((person) => person.id)
  await stage.query('update kernel.memberships set role_id = $1 where user_id = any($2)', [id, ids])
  expect(await own.ask('POST', '/api/teams', { body: { name: 'Of the kit', members: ids } }), 'The kit makes no team')
  // Rows of theirs refer to rows of their own.
  const [side, mate] = people.map(({ id: user, ...signed }, n) => {
    return { ...own, ...signed, user, slug: `${own.slug}-${n}`, word: `Guiseword${n}` }
  }) as [Side, Side]
  let now = version
  const wear: Guise['wear'] = async ({ rows = {}, fields = {} }, isForPrivacy = false) => {
    const body = { version: now, rows, fields, permissions: isForPrivacy ? [...permissions, PRIVACY] : permissions }
    const reply = await own.ask('PATCH', `/api/roles/${id}`, { body })
    if (reply.status === 200) now = reply.body.version
    return reply
  }
  return { side, mate, wear }
}
