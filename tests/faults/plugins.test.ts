/**
 * Plugins are added, taken away, switched, detached and restored in any order, with rows in each of them: after all is back
 * the schema and the data are what they were.
 *
 * `STEPS=120 SEED=7 npm test -- tests/faults/plugins.test.ts` goes further than the sample.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DataAct, migrateDatabase } from '../../core/host/preparation.ts'
import { describePlugins } from '../../core/host/trial.ts'
import type { Described } from '../../core/resource/description.ts'
import { hashTables, readCatalogue } from '../../core/data/catalogue.ts'
import { type Harness, openHarness } from '../support/harness.ts'
import { fill } from '../support/filling.ts'
import { createRandom } from '../support/random.ts'
import { pluginFolders, SECRET } from '../support/settings.ts'

const STEPS = Number(process.env.STEPS ?? 24)
const SEED = Number(process.env.SEED ?? 20260713)
/** Their rows say when something was done, and are the only ones that may. */
const NOTES = ['kernel.operations', 'kernel.schemas', 'kernel.tenant_plugins', 'kernel.sessions']

let h: Harness
let all: readonly Described[]
/** Those that can be taken away. */
let plugins: readonly Described[]

beforeAll(async () => {
  h = await openHarness()
  all = (await describePlugins(pluginFolders)).described
  plugins = all.filter(({ isKernel }) => !isKernel)
  for (const visitor of [h.alice, h.bob]) await fill(visitor, all)
}, 120_000)
afterAll(() => h?.close())

const migrate = (here: readonly Described[], act?: DataAct) =>
  migrateDatabase({ ownerUrl: h.database.ownerUrl, secret: SECRET, described: here, ...(act ? { act } : {}) })
const snapshot = async () => ({ catalogue: await readCatalogue(h.database), rows: await hashTables(h.database, NOTES) })

/** It and all that requires it. */
function withUsers(id: string): string[] {
  const users = plugins.filter(({ requires }) => requires.includes(id)).flatMap((each) => withUsers(each.id))
  return [...new Set([id, ...users])]
}
const requiredBy = (id: string) => plugins.find((each) => each.id === id)?.requires ?? []

test('rows stand in every table and every extension', async () => {
  const before = await snapshot()
  const tables = Object.entries(before.rows).filter(([name]) => name.startsWith('public.') && name !== 'public.views')
  expect(tables.length).toBeGreaterThan(5)
  expect(tables.filter(([, hash]) => hash.startsWith('0 '))).toEqual([])
  for (const { id, extensions } of plugins) {
    for (const [of] of extensions) {
      const table = of === 'clients' ? 'clients' : `${of.split('.')[0]}__${of.replaceAll('.', '__')}`
      const [found] = await h.database.query<{ n: number }>(
        `select count(*)::int as n from ${table} where extensions ? '${id}' or derived ? '${id}'`,
      )
      expect(found?.n, `${id} in ${of}`).toBeGreaterThan(0)
    }
  }
})

test(
  `after ${STEPS} steps in any order, and all of them back, all is as it was`,
  { timeout: STEPS * 20_000 },
  async () => {
    const random = createRandom(SEED)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
    const before = await snapshot()
    /** Whose data is detached, and whose folder is gone. */
    const [detached, gone] = [new Set<string>(), new Set<string>()]
    const done: string[] = []
    const here = () => all.filter(({ id }) => !gone.has(id))
    const isAllowed = {
      detach: (id: string) => !detached.has(id) && withUsers(id).every((user) => user === id || detached.has(user)),
      restore: (id: string) => detached.has(id) && requiredBy(id).every((other) => !detached.has(other)),
    }
    const steps = {
      remove: async (id: string) => withUsers(id).forEach((each) => gone.add(each)),
      add: async (id: string) => [id, ...requiredBy(id)].forEach((each) => gone.delete(each)),
      enable: async (id: string) => void (await h.alice.patch(`/api/plugins/${id}`, { enabled: true })),
      disable: async (id: string) => void (await h.alice.patch(`/api/plugins/${id}`, { enabled: false })),
      migrate: async () => void (await migrate(here())),
      detach: (id: string) => act('detach', id),
      restore: (id: string) => act('restore', id),
    }
    async function act(kind: 'detach' | 'restore', id: string): Promise<void> {
      const acting = migrate(here(), { act: kind, plugin: id })
      if (!isAllowed[kind](id)) return expect(acting, done.join(', ')).rejects.toThrow(/^'/)
      await acting
      detached[kind === 'detach' ? 'add' : 'delete'](id)
      if (detached.size === 0 && gone.size === 0) expect((await snapshot()).rows, done.join(', ')).toEqual(before.rows)
    }
    for (let step = 0; step < STEPS; step++) {
      const [kind, { id }] = [pick(Object.keys(steps) as (keyof typeof steps)[]), pick(plugins)]
      done.push(`${kind} ${id}`)
      await steps[kind](id)
    }
    gone.clear()
    for (const { id } of plugins.filter((each) => detached.has(each.id))) await act('restore', id)
    for (const { id } of plugins) await steps.enable(id)
    await migrate(all)
    const after = await snapshot()
    expect(after.catalogue, done.join(', ')).toEqual(before.catalogue)
    expect(after.rows, done.join(', ')).toEqual(before.rows)
  },
)
