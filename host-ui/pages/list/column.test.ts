import { describe, expect, it } from 'vitest'
import { fieldsOf } from '../fields/field.ts'
import { choosableFields, nameKeys, shownFields } from './column.ts'

const text = { type: 'string' }
const schema = {
  'x-title': ['companyName', 'firstName', 'lastName'],
  properties: {
    id: { ...text, readOnly: true },
    version: { type: 'integer', readOnly: true },
    createdAt: { ...text, format: 'date-time', readOnly: true },
    type: { ...text, 'x-list': 2 },
    email: { ...text, 'x-list': 3 },
    phone: { ...text, format: 'phone', 'x-list': 4 },
    phoneE164: { ...text, readOnly: true },
    companyName: { ...text, 'x-sort': true },
    firstName: { ...text, 'x-sort': true, 'x-personal': true },
    lastName: { ...text, 'x-sort': true, 'x-personal': true },
    notes: { ...text, 'x-widget': 'textarea' },
    extensions: { properties: { couple: { properties: { lastName: { ...text, 'x-list': 3 } } } } },
  },
}
const fields = fieldsOf({ name: 'clients', plugin: 'clients' }, schema)
const paths = (list: { path: string }[]) => list.map(({ path }) => path)

describe('columns', () => {
  it('come from the schema in the order of x-list, extensions among them', () => {
    expect(paths(shownFields(fields, {}))).toEqual(['type', 'email', 'extensions.couple.lastName', 'phone'])
  })

  it('follow what was chosen and leave other defaults as they are', () => {
    const shown = shownFields(fields, { email: false, createdAt: true })
    expect(paths(shown)).toEqual(['type', 'extensions.couple.lastName', 'phone', 'createdAt'])
  })

  it('are offered for every field but prose, ids and normalised phones', () => {
    const offered = paths(choosableFields(fields))
    expect(offered).toContain('createdAt')
    expect(offered).not.toContain('notes')
    expect(offered).not.toContain('id')
    expect(offered).not.toContain('phoneE164')
  })

  it('sort the name by company, then by last name', () => {
    expect(nameKeys(schema)).toEqual(['companyName', 'lastName'])
  })
})

describe('labels', () => {
  it('come from the namespace of the plugin that brings the field', () => {
    const keys = Object.fromEntries(fields.map(({ path, labelKey }) => [path, labelKey]))
    expect(keys.email).toBe('clients:clients.email')
    expect(keys['extensions.couple.lastName']).toBe('couple:clients.lastName')
    expect(keys.createdAt).toBe('host:system.createdAt')
  })
})
