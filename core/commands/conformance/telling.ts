/** Handlers that are told of the same fact twice: the second time nothing is changed. */
import { anyEvent } from '../../contract.ts'
import { type Bench, versioned } from './bench.ts'
import { withValue } from './rows.ts'
import { differences, type Snapshot } from './snapshot.ts'
import { valueOf } from './specimen.ts'
import type { Fact } from './teller.ts'

export const HANDLERS = 'telling twice'
const MEND = 'find by the number of the fact, or by what is there already, that it was done, and do it once'

/** How a delivery stands is no effect of it. */
const isEffect = (name: string) => name !== 'kernel.deliveries'
const effectsOf = (all: Snapshot): Snapshot =>
  Object.fromEntries(Object.entries(all).filter(([name]) => isEffect(name)))

/** Does with a fresh row what is told by the event. */
async function happen({ stage, rows }: Bench, resource: string, verb: string): Promise<void> {
  const { model } = rows.composedOf(resource)
  const { ask } = stage.own
  const { id, version } = await rows.make(stage.own, resource)
  const url = `${model.path}/${id}`
  if (verb === 'updated') {
    const field = [...model.fields.values()].find(
      (each) => each.type === 'text' && !each.readOnly && !each.schema.enum && !each.ref,
    )
    if (field)
      await ask('PATCH', url, {
        body: withValue({}, field, valueOf(field.schema, 9, 'Told')),
        headers: versioned(version),
      })
  }
  if (verb === 'deleted' || verb === 'restored') await ask('DELETE', url, { headers: versioned(version) })
  if (verb === 'restored') await ask('POST', `${url}/restore`)
  if (verb === 'erased') await ask('POST', `${url}/erase`)
  if (verb !== 'merged' && verb !== 'unmerged') return
  const other = await rows.make(stage.own, resource)
  const merged = await ask('POST', `${url}/merge`, { body: { with: other.id } })
  if (verb === 'unmerged') await ask('POST', `${url}/unmerge`, { body: { mergeId: merged.body?.mergeId } })
}

/** A fact of the event that has just happened, or one that is there already; null where nobody but the plugin tells it. */
async function factOf(bench: Bench, event: string): Promise<(Fact & { isSound: boolean }) | null> {
  const { stage, rows, teller } = bench
  const { tenant } = stage.own
  const name = event === anyEvent.name ? `${rows.anyRecord}.created` : event
  const dot = name.lastIndexOf('.')
  const last = await teller.lastFact(tenant)
  if (rows.composedOf(name.slice(0, dot))) await happen(bench, name.slice(0, dot), name.slice(dot + 1))
  const fresh = (await teller.factsSince(tenant, last)).find((each) => each.event === name)
  if (fresh) return { ...fresh, isSound: true }
  const known = await teller.lastOf(tenant, name)
  return known ? { ...known, isSound: false } : null
}

export async function checkHandlers(bench: Bench): Promise<void> {
  const { stage, ground, teller, snapshots, tally } = bench
  const { tenant } = stage.own
  for (const { name, event, kind } of teller.handlersOf(ground.plugin)) {
    const fact = await factOf(bench, event)
    if (!fact) continue
    teller.failures.length = 0
    const delivery = await teller.enter(tenant, name, fact.id)
    const state = await teller.deliver(tenant, delivery)
    tally.count(HANDLERS, 2)
    if (state !== 'done') {
      // What a plugin tells itself may say what only its author understands.
      if (fact.isSound)
        tally.find(HANDLERS, `${name} fails when it is told of ${event}: ${teller.failures.join(' ')}`, MEND)
      continue
    }
    const before = effectsOf(await snapshots.whole())
    // Whoever works outside of transactions may be told again after its work and before that is noted.
    if (kind === 'exchange')
      await stage.query('update kernel.deliveries set told_at = null where tenant_id = $1 and id = $2', [
        tenant,
        delivery,
      ])
    await teller.enter(tenant, name, fact.id)
    await teller.deliver(tenant, delivery)
    const changed = differences(before, effectsOf(await snapshots.whole()))
    if (changed.length > 0)
      tally.find(HANDLERS, `${name}, told twice of ${event}, changes ${changed.join(', ')} the second time`, MEND)
  }
}
