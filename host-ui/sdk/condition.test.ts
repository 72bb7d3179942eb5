import { describe, expect, it } from 'vitest'
import { activeFields, isActive } from './condition.ts'

const schema = {
  properties: {
    text: { 'x-order': 5 },
    type: { 'x-order': 1 },
    phone: { 'x-order': 10, 'x-when': { type: ['call-in', 'call-out'] } },
    phoneE164: { readOnly: true },
    place: { 'x-order': 9, 'x-when': { type: ['meeting'], kind: ['big'] } },
  },
}

describe('x-when', () => {
  it('shows a field while the root record has one of the values', () => {
    expect(activeFields(schema, { type: 'call-in' })).toEqual(['type', 'text', 'phone'])
    expect(activeFields(schema, { type: 'note' })).toEqual(['type', 'text'])
  })
  it('asks every named field', () => {
    expect(isActive(schema.properties.place, { type: 'meeting' })).toBe(false)
    expect(isActive(schema.properties.place, { type: 'meeting', kind: 'big' })).toBe(true)
  })
  it('never hides what holds a value, false and zero included', () => {
    expect(isActive(schema.properties.phone, { type: 'note' }, '1')).toBe(true)
    expect(isActive(schema.properties.phone, { type: 'note' }, 0)).toBe(true)
    expect(isActive(schema.properties.phone, { type: 'note' }, [])).toBe(false)
  })
})
