/** The kinds of callers, and what each of them may do. */
import { permissionsFor } from '../../access/policy.ts'
import { entriesOf } from '../../work/rights.ts'
import { type Bench, sampleOf } from './bench.ts'
import { type ApiRoute, compositionOf } from './ground.ts'
import type { Ask, Stage } from './stage.ts'

export interface Caller {
  readonly name: string
  readonly ask: Ask
  /** Null for one who is nobody here. */
  readonly permissions: ReadonlySet<string> | null
}

/** The kinds of callers, made once for a stage. */
export interface Cast {
  readonly administrator: Caller
  readonly all: readonly Caller[]
  /** A key with some permissions of the administrator's. */
  keyWith(name: string, permissions: readonly string[]): Promise<Caller>
  readonly permissions: readonly string[]
}

/** What persons have of their own account, and no key: no permission, and demanded like one. */
const SELF = 'self'

export async function openCast(stage: Stage): Promise<Cast> {
  const entries = entriesOf(stage.services.permissions, await compositionOf(stage))
  const permissions = entries.map(({ name }) => name)
  const known = new Map<string, Promise<Caller>>()
  const make = async (name: string, given: readonly string[]): Promise<Caller> => {
    const { body } = await stage.own.ask('POST', '/api/api-keys', {
      body: { name: name.slice(0, 100), permissions: given },
    })
    return { name, ask: stage.askWith({ authorization: `Bearer ${body.key}` }), permissions: new Set(given) }
  }
  const keyWith = (name: string, given: readonly string[]) => {
    const made = known.get(name) ?? make(name, given)
    known.set(name, made)
    return made
  }
  const member = await stage.addMember(stage.own)
  const suspended = await stage.addMember(stage.own)
  await stage.query('update kernel.memberships set suspended_at = now() where user_id = $1', [suspended.id])
  const administrator = { name: 'an administrator', ask: stage.own.ask, permissions: new Set([...permissions, SELF]) }
  const all = [
    administrator,
    { name: 'a member', ask: member.ask, permissions: permissionsFor('member', entries).union(new Set([SELF])) },
    { name: 'a suspended member', ask: suspended.ask, permissions: null },
    { name: 'a guest', ask: stage.guest, permissions: null },
    await keyWith('a key with no permission', []),
  ]
  return { administrator, all, keyWith, permissions }
}

const VERBS: Readonly<Record<string, readonly string[]>> = {
  list: ['read'],
  get: ['read'],
  aggregate: ['read'],
  history: ['read'],
  create: ['create'],
  update: ['update'],
  batch: ['update'],
  merge: ['update', 'delete'],
  unmerge: ['update', 'delete'],
  delete: ['delete'],
  restore: ['delete', 'read'],
}
const PRIVACY = ['pack', 'erase']

/** The permissions that the design promises, whatever the route itself says. */
export function demandsOf({ verb, resource, access, plugin }: ApiRoute): readonly string[] {
  if (verb === null || plugin === null) return access === 'session' ? [] : [access]
  if (PRIVACY.includes(verb)) return ['privacy.manage']
  return (VERBS[verb] ?? []).map((each) => `${resource}.${each}`)
}

export type Verdict = 'allowed' | 401 | 403
export function verdictOf(demands: readonly string[], { permissions }: Caller): Verdict {
  if (permissions === null) return 401
  return demands.every((each) => permissions.has(each)) ? 'allowed' : 403
}

export async function callersFor(bench: Bench, cast: Cast, demands: readonly string[]): Promise<readonly Caller[]> {
  if (demands.length === 0) return cast.all
  if (demands.includes(SELF)) return [...cast.all, await cast.keyWith('a key with every permission', cast.permissions)]
  const others = cast.permissions.filter((each) => !demands.includes(each))
  const single = [...(demands.length > 1 ? demands : []), ...sampleOf(bench, others, 1)]
  return [
    ...cast.all,
    await cast.keyWith(`a key with ${demands.join(' and ')} alone`, demands),
    await cast.keyWith(
      `a key with all but ${demands[0]}`,
      cast.permissions.filter((each) => each !== demands[0]),
    ),
    ...(await Promise.all(single.map((each) => cast.keyWith(`a key with ${each} alone`, [each])))),
  ]
}
