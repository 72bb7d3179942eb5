/** A plugin that means harm, in the process that it attacks: it gets no row of another tenant and changes none. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findRoles, loginUrl } from '../../core/data/roles.ts'
import { eventually, type Harness, openHarness } from '../support/harness.ts'
import { pluginFolders, SECRET } from '../support/settings.ts'
import { lingered, type Loot } from './hostile/attacks.ts'
import { hashOfTenant } from './tenant.ts'

const WORD = 'Xoloitzcuintle'

let h: Harness
let loot: Loot
let before: string
/** Everything that the plugin was answered. */
const answers: string[] = []

beforeAll(async () => {
  h = await openHarness({ plugins: [...pluginFolders, join(import.meta.dirname, 'hostile')] })
  const made = await h.bob.post('/api/clients', { type: 'person', lastName: WORD, notes: WORD })
  await h.alice.post('/api/clients', { type: 'person', lastName: 'Own' })
  const { Client } = await import('pg')
  const owner = new Client({ connectionString: h.database.ownerUrl })
  await owner.connect()
  const roles = await findRoles(owner, SECRET)
  await owner.end()
  const url = loginUrl(h.database.ownerUrl, SECRET, { part: 'app', roles: roles! })
  loot = { url, foreign: made.body.id, foreignTenant: h.tenants.bob }
  before = await hashOfTenant(h.database, h.tenants.bob)
})
afterAll(async () => {
  expect(answers.filter((text) => text.includes(WORD))).toEqual([])
  expect(await hashOfTenant(h.database, h.tenants.bob)).toBe(before)
  await h?.close()
})

async function attack(name: string, body: object = loot, visitor = h.alice) {
  const reply = await visitor.post(`/api/hostile/${name}`, body)
  answers.push(reply.text)
  expect(reply.status, reply.text).toBeLessThan(300)
  return reply.body
}
const gains = (outcomes: Record<string, string>) =>
  Object.entries(outcomes).filter(([, outcome]) => !outcome.startsWith('refused') && outcome !== 'got []')

describe('SQL with the stolen login of requests', () => {
  test('reads and writes nothing without a context, and with a forged one', async () => {
    const { powers, ...contexts } = await attack('sql')
    for (const [name, outcomes] of Object.entries(contexts)) expect(gains(outcomes as never), name).toEqual([])
    expect(gains(powers)).toEqual([])
  })
})

test('ids of another tenant are those of nobody', async () => {
  const outcomes = await attack('foreign')
  expect(gains(outcomes)).toEqual([])
})

test('a ctx that was kept is worth nothing, in whosever call', async () => {
  await attack('keep', loot, h.bob)
  expect(gains(await attack('use-kept'))).toEqual([])
  expect(gains(await attack('use-kept', loot, h.bob))).toEqual([])
})

test('work that outlives its call finds its ctx gone', async () => {
  await attack('linger')
  const [outcome] = await eventually(async () => lingered.length > 0 && lingered, 'it has tried')
  expect(outcome).toContain('refused')
})

test('events of others cannot be told', async () => {
  expect(gains(await attack('events'))).toEqual([])
})

test('a flood of events ends at a bound', async () => {
  const reply = await h.alice.post('/api/hostile/flood', loot)
  expect([reply.status, reply.body]).toEqual([200, 1_000])
})

test('nothing can be added to what everything inherits from', async () => {
  const { proto, freeze, ...outcomes } = await attack('pollute')
  expect(gains(outcomes)).toEqual([])
  expect([proto, freeze]).toEqual(['got "clean"', 'got false'])
  expect(({} as Record<string, unknown>).asKernel).toBeUndefined()
})

test('its own ctx cannot be bent', async () => {
  expect(gains(await attack('twist'))).toEqual([])
})
