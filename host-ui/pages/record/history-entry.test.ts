import { describe, expect, it } from 'vitest'
import { fieldsOf } from '../fields/field.ts'
import type { Reading } from '../fields/text.ts'
import { type HistoryEntry, linesOf, sentenceOf, verbOf } from './history-entry.ts'

const TEXTS: Record<string, string> = {
  'clients:clients.status': 'Status',
  'clients:clients.status.active': 'Active',
  'clients:clients.country': 'Country',
  'couple:clients.lastName': 'Partner’s last name',
  'value.unknownUser': 'Former member',
  'history.more': '{{count}} more fields',
  'history.own.updated': '{{who}} changed {{fields}}',
  'history.own.created': '{{who}} created this record',
  'history.other.created': '{{who}} added: {{what}}',
}
const t: Reading['t'] = (key, params = {}) =>
  (TEXTS[key] ?? String(params.defaultValue ?? key)).replace(/\{\{(\w+)\}\}/g, (_, name: string) =>
    String(params[name]),
  )
const reading: Reading = { t, lang: 'en', people: new Map([['u1', 'Anne']]) }

const text = { type: 'string' }
const fields = fieldsOf(
  { name: 'clients', plugin: 'clients' },
  {
    properties: {
      status: { ...text, examples: ['prospect', 'active'], 'x-order': 2 },
      country: { ...text, format: 'country', 'x-order': 1 },
      ownerId: { ...text, 'x-ref': 'users', 'x-order': 3 },
      phone: { ...text, format: 'phone' },
      phoneE164: text,
      extensions: { properties: { couple: { properties: { lastName: text } } } },
    },
  },
)
const entry = (changes: HistoryEntry['changes']): HistoryEntry => ({
  id: 'h',
  at: '2026-11-01T10:00:00.000Z',
  event: 'clients.updated',
  resource: 'clients',
  rowId: 'r',
  actor: null,
  actorKind: 'system',
  changes,
})
const lines = (changes: HistoryEntry['changes']) => linesOf(entry(changes), fields, 'r', reading)

describe('the lines of a history entry', () => {
  it('say labels and values in the words of the form, in its order', () => {
    const said = lines([
      { field: 'status', before: 'prospect', after: 'active' },
      { field: 'extensions.couple.lastName', before: null, after: 'Martin' },
      { field: 'country', before: 'GB', after: 'FR' },
    ])
    expect(said.map(({ label, before, after }) => [label, before, after])).toEqual([
      ['Country', 'United Kingdom', 'France'],
      ['Status', 'prospect', 'Active'],
      ['Partner’s last name', '', 'Martin'],
    ])
  })

  it('name people, and say of those who left that they did', () => {
    expect(lines([{ field: 'ownerId', before: 'u9', after: 'u1' }])[0]).toMatchObject({
      before: 'Former member',
      after: 'Anne',
    })
  })

  it('leave out what only the machine keeps', () => {
    const quiet = ['version', 'updatedAt', 'phoneE164'].map((field) => ({ field, before: 1, after: 2 }))
    expect(lines([...quiet, { field: 'recordId', before: null, after: 'r' }])).toEqual([])
  })

  it('still tell of fields whose plugin is gone', () => {
    expect(lines([{ field: 'extensions.menu.diet', before: null, after: 'vegan' }])[0]).toMatchObject({
      label: 'diet',
      after: 'vegan',
    })
  })
})

describe('the sentence of a history entry', () => {
  it('knows the verb from the event', () => {
    expect(verbOf({ event: 'clients.restored' })).toBe('restored')
    expect(verbOf({ event: 'clients.merged' })).toBe('other')
  })

  it('names a few fields and counts the others', () => {
    const said = (labels: string[]) =>
      sentenceOf({ verb: 'updated', own: true, who: 'Anne', what: 'Client', labels }, reading)
    expect(said(['Status', 'Country'])).toBe('Anne changed Status and Country')
    expect(said(['A', 'B', 'C', 'D'])).toBe('Anne changed A, B, and 2 more fields')
  })

  it('names what was added to the record', () => {
    const said = sentenceOf({ verb: 'created', own: false, who: 'Anne', what: 'Interaction', labels: [] }, reading)
    expect(said).toBe('Anne added: Interaction')
  })
})
