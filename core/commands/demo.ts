/** The demo tenant of a first start: an administrator, and two years of a wedding planner's clients. */
import { createHash, randomBytes } from 'node:crypto'
import type { JsonObject } from '../contract.ts'
import { Problem } from '../contract.ts'
import { clientsDemonstrated } from '../client/contract.ts'
import { type DemoClient, demoClients } from '../client/demo/demo.ts'
import type { Config } from '../config.ts'
import type { Claims } from '../data/context.ts'
import type { Kernel } from '../kernel.ts'
import { countTenants, createTenant, findTenant, listMembers, type Tenant } from '../tenancy/directory.ts'
import type { Composed } from '../work/composition.ts'
import { nobodyAsked } from '../work/row-points.ts'
import { openSingle } from '../work/unit.ts'
import { NO_RULES } from '../work/rules.ts'
import { Verbs } from '../work/verbs.ts'

export interface DemoLogin {
  readonly email: string
  /** Null when it was made by an earlier start. */
  readonly password: string | null
}

const SLUG = 'demo'
const PARALLEL = 8

/** Made on the first start; completed on a later one where the first was cut off. */
export async function ensureDemo(kernel: Kernel, config: Config): Promise<DemoLogin | null> {
  const { database } = kernel.services
  const password = config.adminPassword ?? randomBytes(9).toString('base64url')
  const isFirst = (await countTenants(database)) === 0
  if (isFirst) {
    const admin = { email: config.adminEmail ?? 'admin@demo.example', name: 'Camille Laurent', password }
    await createTenant(database, { slug: SLUG, name: 'Les Belles Heures', language: 'en', country: 'FR', admin })
  }
  const tenant = await findTenant(database, SLUG)
  if (!tenant) return null
  const members = await listMembers(database, tenant.id)
  const admin = members.find(({ role }) => role === 'administrator')
  if (!admin) return null
  await fill(kernel, tenant, admin.id)
  return { email: admin.email, password: isFirst ? password : null }
}

async function isFilled(kernel: Kernel, claims: Claims): Promise<boolean> {
  const { rows } = await kernel.services.database.once(claims, 'read', {
    text: 'select 1 from kernel.facts where tenant_id = $1 and event = $2 limit 1',
    values: [claims.tenant, clientsDemonstrated.name],
  })
  return rows.length > 0
}

async function fill(kernel: Kernel, tenant: Tenant, admin: string): Promise<void> {
  const { database, compositions } = kernel.services
  const claims: Claims = {
    tenant: tenant.id,
    actorKind: 'user',
    actor: admin,
    plugin: null,
    request: 'demo',
    origin: null,
    task: null,
    at: null,
  }
  if (await isFilled(kernel, claims)) return
  const composed = compositions.whole.resources.get('clients') as Composed
  const all = demoClients({ now: new Date() })
  const queue = [...all.entries()]
  const seed = async () => {
    for (let next = queue.shift(); next; next = queue.shift())
      await enter({ kernel, tenant, claims, composed }, ...next)
  }
  await Promise.all(Array.from({ length: PARALLEL }, seed))
  await database.once(claims, 'write', {
    text: 'select kernel.emit($1, $2)',
    values: [clientsDemonstrated.name, JSON.stringify({ count: all.length })],
  })
}

type Means = { kernel: Kernel; tenant: Tenant; claims: Claims; composed: Composed }

/** The same client has the same id in every attempt, so that a start which was cut off is taken up again. */
function idOf(tenant: string, i: number): string {
  const hex = createHash('sha256').update(`${tenant} demo ${i}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Fields of plugins that are not installed are left out. */
function known({ composed }: Means, body: object): JsonObject {
  const { extensions, ...own } = body as JsonObject
  const groups = Object.entries((extensions ?? {}) as JsonObject).filter(([plugin]) =>
    composed.model.extensions.some((extension) => extension.plugin === plugin),
  )
  return groups.length > 0 ? { ...own, extensions: Object.fromEntries(groups) } : own
}

/** What an earlier attempt has done is refused as taken or as stale, and left as it is. */
async function once(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Problem && (error.status === 409 || error.status === 412))) throw error
  }
}

async function enter(means: Means, i: number, { at, input, changes }: DemoClient): Promise<void> {
  const id = idOf(means.tenant.id, i)
  const verbsAt = (moment: Date) => verbsOf(means, moment)
  await once(() => verbsAt(at).create(known(means, input), { id }))
  for (const [n, change] of changes.entries()) {
    const patch = known(means, change.patch)
    await once(() => verbsAt(change.at).update({ id, version: n + 1 }, patch))
  }
}

function verbsOf({ kernel, tenant, claims, composed }: Means, at: Date): Verbs {
  const { database, cursorKey, isMember } = kernel.services
  const unit = openSingle(database, { ...claims, at })
  const scope = {
    tenant: tenant.id,
    composition: kernel.services.compositions.whole,
    country: tenant.country,
    now: at,
    me: null,
    rules: NO_RULES,
    cursorKey,
    unit,
    points: nobodyAsked,
    can: () => true,
    isMember: (user: string) => isMember(tenant.id, user),
  }
  return new Verbs(scope, composed)
}
