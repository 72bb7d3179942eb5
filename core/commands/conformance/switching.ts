/** A plugin that is switched off is not there, and one that is on again has lost nothing. */
import { randomUUID } from 'node:crypto'
import { standingOn } from '../../data/steps.ts'
import { describe } from '../../host/catalogue.ts'
import { ask, type Bench, inWords, versioned } from './bench.ts'
import { differences, type Snapshot } from './snapshot.ts'

export const SWITCHING = 'off and on'
const MEND = 'keep nothing outside of rows, and begin nothing that is not a route, a handler or a feed'

/** That it was switched, and what was told of it, is kept. */
const NOTES = ['kernel.tenant_plugins', 'kernel.facts', 'kernel.deliveries', 'kernel.api_keys', 'kernel.schedules']
const isData = (name: string) => !NOTES.some((each) => name.startsWith(each))

const dataOf = (snapshot: Snapshot): Snapshot =>
  Object.fromEntries(Object.entries(snapshot).filter(([name]) => isData(name)))

async function flip({ stage, tally }: Bench, plugin: string, enabled: boolean): Promise<void> {
  const { status, text } = await stage.own.ask('PATCH', `/api/plugins/${plugin}`, { body: { enabled } })
  if (status !== 200)
    tally.find(SWITCHING, `switching ${plugin} ${enabled ? 'on' : 'off'} answers ${status} ${text}`, MEND)
}

/** Its addresses are those of nothing. */
async function tryRoutes(bench: Bench, plugin: string): Promise<void> {
  const { ground, stage, tally } = bench
  const mine = ground.routes.filter((route) => route.plugin === plugin)
  for (const { method, path, access } of mine) {
    const url = path.replace('{tenant}', stage.own.slug).replace(/\{\w+\}/g, randomUUID())
    const attempt = { method, url, ...(method === 'GET' ? {} : { body: {}, headers: versioned() }) }
    const { status } = await ask(stage.own.ask, attempt)
    tally.count(SWITCHING)
    // Guests who ask too often are told so before anything else.
    const isGuests = access === 'public' || access === 'link'
    if (status !== 404 && !(isGuests && status === 429))
      tally.find(SWITCHING, `${inWords(attempt)} answers ${status} while it is off, not 404`, MEND)
  }
  const { body } = await stage.own.ask('GET', '/api/openapi.json')
  const told = mine.filter(({ path }) => path in body.paths)
  if (told.length > 0) tally.find(SWITCHING, `${told[0]?.path} is described while it is off`, MEND)
}

/** What it adds to rows of others is not seen and not taken. */
async function tryFields(bench: Bench, plugin: string): Promise<void> {
  const { ground, stage, tally, rows } = bench
  for (const { model } of ground.targets.filter(({ isOwn }) => !isOwn)) {
    const { id } = await rows.standing(stage.own, model.name)
    const { body } = await stage.own.ask('GET', `${model.path}/${id}`)
    const extensions = { [plugin]: {} }
    const given = await stage.own.ask('PATCH', `${model.path}/${id}`, {
      body: { extensions },
      headers: versioned(body.version),
    })
    tally.count(SWITCHING, 2)
    if (plugin in (body.extensions ?? {}))
      tally.find(SWITCHING, `its fields of ${model.name} are seen while it is off`, MEND)
    if (given.status !== 400) tally.find(SWITCHING, `its fields of ${model.name} are taken while it is off`, MEND)
  }
}

/** What happens meanwhile is told to none of its handlers. */
async function tryHandlers(bench: Bench, plugin: string): Promise<void> {
  const { teller, stage, snapshots, tally } = bench
  const { tenant } = stage.own
  const [fact] = (await teller.factsSince(tenant, '0')).toReversed()
  if (!fact) return
  for (const { name } of teller.handlersOf(plugin)) {
    const before = dataOf(await snapshots.whole())
    const delivery = await teller.enter(tenant, name, fact.id)
    await teller.deliver(tenant, delivery)
    await stage.query('delete from kernel.deliveries where tenant_id = $1 and id = $2', [tenant, delivery])
    tally.count(SWITCHING)
    const changed = differences(before, dataOf(await snapshots.whole()))
    if (changed.length > 0) tally.find(SWITCHING, `${name} changes ${changed.join(', ')} while it is off`, MEND)
  }
}

export async function checkSwitching(bench: Bench): Promise<void> {
  const { stage, ground, snapshots, tally } = bench
  const { installed } = stage.services
  const mine = describe(installed).find(({ id }) => id === ground.plugin)
  if (!mine || mine.isKernel) return
  const users = standingOn(mine, describe(installed))
  for (const id of users) await flip(bench, id, false)
  for (const { model } of ground.targets) await bench.rows.standing(stage.own, model.name)
  const before = dataOf(await snapshots.ofTenant(stage.own.tenant))
  for (let round = 0; round < 2; round++) {
    await flip(bench, mine.id, false)
    await tryRoutes(bench, mine.id)
    await tryFields(bench, mine.id)
    await tryHandlers(bench, mine.id)
    await flip(bench, mine.id, true)
    const changed = differences(before, dataOf(await snapshots.ofTenant(stage.own.tenant)))
    tally.count(SWITCHING)
    if (changed.length > 0) tally.find(SWITCHING, `off and on again, ${changed.join(', ')} differ`, MEND)
    const lists = ground.routes.filter(({ verb, plugin }) => verb === 'list' && plugin === mine.id)
    for (const { path } of lists) {
      const { status } = await stage.own.ask('GET', path)
      tally.count(SWITCHING)
      if (status !== 200) tally.find(SWITCHING, `GET ${path} answers ${status} when it is on again`, MEND)
    }
  }
  for (const id of users.toReversed()) await flip(bench, id, true)
}
