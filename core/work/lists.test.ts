/** Value lists that tenants edit, asked for like any client does, by two tenants. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configFor, eventually, type Harness, openHarness, type Reply } from '../../tests/support/harness.ts'
import { defined, enter } from '../../tests/support/own-fields.ts'
import type { ListValue } from '../contract.ts'
import { openKernel } from '../kernel.ts'
import type { Described } from '../resource/description.ts'
import { findFaults } from '../resource/validate.ts'
import { Compositions } from './composition.ts'

const NAME = 'tenantfields.moods'
const KEY = 'extensions.tenantfields.mood'

let h: Harness
beforeAll(async () => {
  h = await openHarness()
  for (const visitor of [h.alice, h.bob])
    await defined(visitor, { mood: { type: 'string', 'x-values': NAME, 'x-filter': true, 'x-list': 3 } })
})
afterAll(() => h?.close())

const listOf = async (visitor = h.alice) => {
  const { body } = await visitor.get('/api/lists')
  return body.items.find(({ name }: { name: string }) => name === NAME) as { version: number; values: ListValue[] }
}
const edit = (values: object[], version: number, visitor = h.alice) =>
  visitor.patch(`/api/lists/${NAME}`, { version, values })
const change = async (how: (values: ListValue[]) => object[], visitor = h.alice) => {
  const { values, version } = await listOf(visitor)
  const reply = await edit(how(values), version, visitor)
  expect(reply.status, reply.text).toBe(200)
}
const moodOf = (row: { extensions: { tenantfields: { mood?: string } } }) => row.extensions.tenantfields.mood
const patch = (row: { id: string; version: number }, mood: string | null, visitor = h.alice) =>
  visitor.patch(`/api/clients/${row.id}`, { extensions: { tenantfields: { mood } } }, row.version)
const faultsOf = ({ body }: Reply) => body.errors?.map(({ path, code }: { path: string; code: string }) => [path, code])
const offeredTo = async (visitor = h.alice) =>
  (await visitor.get('/api/schemas/clients')).body.properties.extensions.properties.tenantfields.properties.mood.enum

test('a list begins as the manifest has it, and a field takes its values alone', async () => {
  expect((await listOf()).version).toBe(0)
  expect(await offeredTo()).toEqual(['calm', 'merry', 'sad'])
  expect(moodOf(await enter(h.alice, { mood: 'calm' }))).toBe('calm')
  const wrong = { type: 'person', lastName: 'Morel', extensions: { tenantfields: { mood: 'furious' } } }
  expect(faultsOf(await h.alice.post('/api/clients', wrong))).toEqual([['/extensions/tenantfields/mood', 'enum']])
})

test('a tenant adds, renames and orders values, for itself alone', async () => {
  const wild = { value: 'wild', label: { en: 'Wild', fr: 'Fou' }, color: 5 }
  await change((values) => [wild, ...values.toReversed().map((each) => ({ ...each, label: { en: `${each.value}!` } }))])
  expect(await offeredTo()).toEqual(['wild', 'sad', 'merry', 'calm'])
  expect(await offeredTo(h.bob)).toEqual(['calm', 'merry', 'sad'])
  expect(moodOf(await enter(h.alice, { mood: 'wild' }))).toBe('wild')
  const bobs = await h.bob.post('/api/clients', {
    type: 'person',
    lastName: 'Morel',
    extensions: { tenantfields: { mood: 'wild' } },
  })
  expect(bobs.status).toBe(400)
  const { locales } = (await h.alice.get('/api/ui?lang=fr')).body
  expect(locales.tenantfields).toMatchObject({ 'clients.mood.wild': 'Fou', 'clients.mood.sad': 'sad!' })
  expect((await h.bob.get('/api/ui?lang=fr')).body.locales.tenantfields['clients.mood.sad']).toBe('Triste')
  expect((await h.alice.get(`/api/tenantfields/lists/${NAME}`)).body[0]).toEqual(wild)
  expect((await h.alice.get('/api/tenantfields/lists/nothing.here')).status).toBe(404)
})

test('what is archived stays where it stands, is found, and is offered to nobody', async () => {
  const old = await enter(h.alice, { mood: 'merry' })
  await change((values) => values.map((each) => (each.value === 'merry' ? { ...each, archived: true } : each)))
  expect(await offeredTo()).not.toContain('merry')
  expect((await h.alice.get('/api/ui?lang=en')).body.locales.tenantfields['clients.mood.merry']).toBe('merry!')
  const found = await h.alice.get(`/api/clients?${KEY}=merry`)
  expect(found.body.items.map(({ id }: { id: string }) => id)).toContain(old.id)
  const renamed = await h.alice.patch(`/api/clients/${old.id}`, { lastName: 'Moreau' }, old.version)
  expect([renamed.status, moodOf(renamed.body)]).toEqual([200, 'merry'])
  const same = await patch(renamed.body, 'merry')
  expect(same.status, same.text).toBe(200)
  const other = await patch(same.body, 'calm')
  expect(faultsOf(await patch(other.body, 'merry'))).toEqual([['/extensions/tenantfields/mood', 'enum']])
})

test('what is no list is refused, and so is an edit that has not seen the last one', async () => {
  const { values, version } = await listOf()
  const [first] = values as [ListValue]
  expect((await edit(values, version - 1)).status).toBe(412)
  expect(faultsOf(await edit(values.slice(1), version))).toEqual([['/values', 'missing']])
  expect(faultsOf(await edit([...values, first], version))).toEqual([[`/values/${values.length}/value`, 'repeated']])
  expect(faultsOf(await edit([...values, { value: 'a b', label: { en: 'x' } }], version))).toEqual([
    [`/values/${values.length}/value`, 'format'],
  ])
  expect((await edit([...values, { value: 'ab', label: {} }], version)).status).toBe(400)
  expect((await edit([{ ...first, color: 9 }], version)).status).toBe(400)
  expect((await h.alice.patch('/api/lists/nothing.here', { version: 0, values })).status).toBe(404)
  const edits = await Promise.all([1, 2, 3, 4].map(() => edit(values, version)))
  expect(edits.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412])
})

test('lists are read by members and edited by those who may', async () => {
  const member = await h.addMember(h.tenants.alice, 'member-of-lists@test.example', 'member')
  const { values, version } = await listOf(member)
  expect((await edit(values, version, member)).status).toBe(403)
  expect((await h.anonymous().get('/api/lists')).status).toBe(401)
})

test('a field of a tenant is filled from a list that is there', async () => {
  const body = {
    schema: {
      type: 'object',
      additionalProperties: false,
      properties: { mood: { type: 'string', 'x-values': 'no.list' } },
    },
    labels: { mood: { en: 'Mood' } },
  }
  const reply = await h.bob.call('PUT', '/api/tenantfields/fields/clients', { body })
  expect([reply.status, faultsOf(reply)]).toEqual([400, [['/schema/properties/mood/x-values', 'unknown']]])
})

test('a column of a resource, and a list of texts, are filled from a list as well', () => {
  const texts = { type: 'array', items: { type: 'string' }, 'x-values': 'a.kinds' }
  const described: Described = {
    id: 'a',
    dir: '',
    isKernel: false,
    version: '1.0.0',
    name: { en: 'a', fr: 'a' },
    requires: [],
    handlers: [],
    extensions: [],
    resources: [
      {
        name: 'a',
        schema: {
          type: 'object',
          additionalProperties: false,
          properties: { kind: { type: 'string', 'x-values': 'a.kinds' }, kinds: texts },
        },
      },
    ],
    lists: [['a.kinds', [{ value: 'one', label: { en: 'One' } }]]],
  }
  const compositions = new Compositions([described])
  const { write } = compositions.whole.resources.get('a')!
  expect(findFaults(write, { kind: 'one', kinds: ['one'] })).toEqual([])
  expect(findFaults(write, { kind: 'two', kinds: ['two'] }).map(({ path }) => path)).toEqual(['/kind', '/kinds/0'])
  const lists = new Map([['a.kinds', [{ value: 'two', label: { en: 'Two' } }]]])
  const own = { extensions: [], lists, hash: 'x' }
  const edited = compositions.of({ enabled: new Set(['a']), own }).resources.get('a')!
  expect(findFaults(edited.write, { kind: 'two', kinds: ['two'] })).toEqual([])
})

test('another process offers what was edited within a second', async () => {
  const config = configFor(h.database)
  const other = await openKernel({ config, databaseUrl: h.database.ownerUrl, screen: null, report: () => {} })
  try {
    const { switches, compositions } = other.services
    const offers = async (value: string) => {
      const { lists } = compositions.of(await switches.of(h.tenants.bob))
      return lists.get(NAME)?.some((each) => each.value === value)
    }
    expect(await offers('new')).toBe(false)
    await change((values) => [...values, { value: 'new', label: { en: 'New' } }], h.bob)
    await eventually(() => offers('new'), 'the other process knows the new value', 1_000)
  } finally {
    await other.close()
  }
})
