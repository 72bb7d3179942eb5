/** `ctx.notify`: tells members something, as far as they may read what it is about. */
import { type JsonObject, type Notice, type Notify, Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Files } from '../files/files.ts'
import type { Notices } from '../notify/notices.ts'
import { keyOf, type Locales } from '../notify/text.ts'
import { demandRecord } from './references.ts'
import type { Rights } from './rights.ts'
import type { Unit } from './unit.ts'

const MAX_READERS = 500
const MAX_PARAMS = 2_000

export interface NotifyPlace {
  readonly plugin: { readonly id: string; readonly locales: Locales }
  readonly claims: Claims
  assertLives(): void
  can(permission: string): boolean
}
interface Means {
  readonly notices: Notices
  readonly files: Pick<Files, 'findResource'>
  readonly rights: Pick<Rights, 'holdersOf' | 'readersOf'>
  isMember(tenant: string, user: string): Promise<boolean>
}

/** A path of our own screen: never the address of another site. */
const isPath = (url: string) => /^\/(?![/\\])[^\s\\]{0,499}$/.test(url)

function assertSound({ plugin }: NotifyPlace, { key, params = {}, url }: Notice): void {
  if (!plugin.locales.en || !Object.hasOwn(plugin.locales.en, keyOf(key)))
    throw new Error(`The locales of ${plugin.id} have no text '${keyOf(key)}'.`)
  const isPlain = Object.values(params).every((value) => typeof value === 'string' || typeof value === 'number')
  if (!isPlain || JSON.stringify(params).length > MAX_PARAMS)
    throw new Error(`The params of '${key}' are texts and numbers, at most ${MAX_PARAMS} letters together.`)
  if (url !== undefined && !isPath(url)) throw new Error(`'${url}' is no path of the screen.`)
}

export function notifyOf(means: Means, place: NotifyPlace, unit: Pick<Unit, 'read' | 'write'>): Notify {
  const { claims, plugin, can } = place
  const { tenant } = claims

  const readersOf = async ({ to }: Notice): Promise<readonly string[]> => {
    if ('permission' in to) return means.rights.holdersOf(tenant, to.permission)
    const known = await Promise.all(to.map((user) => means.isMember(tenant, user)))
    const stranger = known.indexOf(false)
    if (stranger >= 0) throw new Problem(422, 'reference', [{ path: `/to/${stranger}`, code: 'reference' }])
    return [...new Set(to)]
  }
  const holdersFor = async (recordId: string | undefined): Promise<ReadonlySet<string> | null> => {
    if (recordId === undefined) return null
    const resource = await demandRecord({ files: means.files, read: unit.read, tenant, can }, recordId)
    return new Set(await means.rights.readersOf(unit.read, tenant, { resource, id: recordId }))
  }

  return async (notice) => {
    place.assertLives()
    assertSound(place, notice)
    const { key, params = {}, recordId, url } = notice
    const readers = await readersOf(notice)
    const holders = await holdersFor(recordId)
    const users = holders ? readers.filter((user) => holders.has(user)) : readers
    if (users.length > MAX_READERS) throw new Error(`A notice goes to at most ${MAX_READERS} members.`)
    await means.notices.add(unit.write, {
      tenant,
      plugin: plugin.id,
      users,
      key,
      params: params as JsonObject,
      recordId: recordId ?? null,
      url: url ?? null,
    })
  }
}
