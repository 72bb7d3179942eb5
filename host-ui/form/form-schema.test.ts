import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fixedValues, formSchema, rowValues, startValues } from './form-schema.ts'
import { sectionsOf } from './sections.ts'

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))
const clients = read('core/client/schemas/clients.json')
const couple = read('plugins/couple/schemas/clients.json')
const interactions = read('plugins/interactions/schemas/clients.json')
const composed = {
  ...clients,
  properties: {
    id: { type: 'string', readOnly: true },
    version: { type: 'integer', readOnly: true },
    ...clients.properties,
    phoneE164: { type: ['string', 'null'], readOnly: true },
    extensions: { type: 'object', properties: { couple, interactions } },
  },
}

describe('formSchema', () => {
  const names = (data: object) => Object.keys(formSchema(composed, data).properties)
  it('leaves out what is read-only, computed values of extensions included', () => {
    expect(names({ type: 'couple' })).not.toContain('id')
    expect(Object.keys(formSchema(composed, { type: 'couple' }).properties.extensions.properties)).toEqual(['couple'])
  })
  it('asks for company fields of companies and for the second person of couples', () => {
    expect(names({ type: 'company' })).toContain('siret')
    expect(names({ type: 'company' })).not.toContain('extensions')
    expect(names({ type: 'couple' })).not.toContain('siret')
    expect(names({ type: 'couple' })).toContain('extensions')
  })
  it('keeps a field in sight that holds a value, whatever the type', () => {
    expect(names({ type: 'person', siret: '73282932000074' })).toContain('siret')
    const held = formSchema(composed, { type: 'person', extensions: { couple: { lastName: 'Roy' } } })
    expect(Object.keys(held.properties.extensions.properties.couple.properties)).toEqual(['lastName'])
  })
  it('resolves conditions into required and drops them', () => {
    expect(formSchema(composed, {}).required).toEqual(['type'])
    expect(formSchema(composed, { type: 'person' }).required).toEqual(['type', 'lastName'])
    expect(formSchema(composed, { type: 'association' }).required).toEqual(['type', 'companyName'])
    expect(formSchema(composed, { type: 'person' }).allOf).toBeUndefined()
  })
  it('does not let a field with a default be emptied once the record has it', () => {
    expect(formSchema(composed, { type: 'person' }, { stored: { status: 'active' } }).required).toContain('status')
    expect(formSchema(composed, { type: 'person' }).required).not.toContain('status')
  })
  it('asks nobody for what is not theirs to write, and knows it all the same', () => {
    const { type, lastName, status } = composed.properties
    const properties = {
      ...composed.properties,
      type: { ...type, readOnly: true },
      lastName: { ...lastName, readOnly: true },
    }
    const schema = { ...composed, properties }
    const fixed = fixedValues(schema, { type: 'company', lastName: 'Roy', status: 'active', email: null })
    expect(fixed).toEqual({ type: 'company', lastName: 'Roy' })
    const asked = formSchema(schema, {}, { fixed })
    expect(asked.required).toEqual(['companyName'])
    expect(Object.keys(asked.properties)).toContain('siret')
    expect(formSchema(schema, {}, { fixed: { type: 'person' } }).required).toEqual([])
    const kept = { ...schema, properties: { ...properties, status: { ...status, readOnly: true } } }
    expect(fixedValues(kept, undefined)).toEqual({ status: 'active' })
  })
  it('drops defaults, so that nothing refills itself', () => {
    expect(formSchema(composed, {}).properties.status.default).toBeUndefined()
  })
})

describe('startValues', () => {
  it('lays what the page knows over defaults, and now over nothing', () => {
    expect(startValues(clients, { type: 'couple' })).toEqual({ status: 'active', type: 'couple' })
    const at = new Date('2026-04-12T10:20:30.400Z')
    const schema = read('plugins/interactions/schemas/interactions.json')
    expect(startValues(schema, {}, at)).toEqual({ occurredAt: '2026-04-12T10:20:00.000Z' })
  })
})

describe('rowValues', () => {
  it('takes writable values and no nulls, in extensions too', () => {
    const row = {
      id: '1',
      version: 3,
      type: 'couple',
      email: null,
      tags: [],
      phone: '1',
      phoneE164: null,
      extensions: { couple: { lastName: 'Roy', email: null }, interactions: { lastInteractionAt: '2026' } },
    }
    expect(rowValues(composed, row)).toEqual({
      type: 'couple',
      phone: '1',
      extensions: { couple: { lastName: 'Roy' }, interactions: {} },
    })
  })
})

describe('sectionsOf', () => {
  it('groups by section, in the order of the fields', () => {
    const sections = sectionsOf(formSchema(composed, { type: 'company' }).properties)
    expect(sections.map(({ name }) => name)).toEqual(['identity', 'contact', 'company', 'follow-up'])
    expect(sections[2]?.fields).toEqual(['legalName', 'siret', 'vatNumber'])
  })
  it('puts fields without a section last', () => {
    const properties = {
      a: { 'x-order': 1 },
      b: { 'x-section': 's', 'x-order': 2 },
      c: { 'x-section': 's', 'x-order': 1 },
    }
    expect(sectionsOf(properties)).toEqual([
      { name: 's', fields: ['c', 'b'] },
      { name: '', fields: ['a'] },
    ])
  })
})
