import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { changes, tidied, valuesOf, valuesOfFormat } from './entry-values.ts'

const schema = JSON.parse(readFileSync(new URL('../schemas/interactions.json', import.meta.url), 'utf8'))

describe('values of an entry', () => {
  it('are those that its type asks for and that are filled', () => {
    const row = {
      id: '1',
      version: 2,
      type: 'note',
      title: null,
      text: 'x',
      outcome: null,
      pinned: false,
      extensions: {},
    }
    const composed = { ...schema, properties: { ...schema.properties, extensions: { type: 'object' } } }
    expect(valuesOf(composed, row as never)).toEqual({ type: 'note', text: 'x', pinned: false })
  })
  it('are sent with lists for what was written with commas, and without emptiness', () => {
    const values = { participants: 'Emma,  Hugo,', title: '  ', durationMinutes: 0 }
    expect(tidied(schema, values)).toEqual({ participants: ['Emma', 'Hugo'], durationMinutes: 0 })
  })
  it('are patched by difference', () => {
    expect(changes({ title: 'a', text: 'b', participants: ['x'] }, { title: 'a', participants: ['x', 'y'] })).toEqual({
      text: null,
      participants: ['x', 'y'],
    })
  })
  it('may be taken from the record', () => {
    const clients = {
      properties: {
        phone: { format: 'phone' },
        phoneE164: { readOnly: true },
        mobile: { format: 'phone' },
        extensions: {
          type: 'object',
          properties: { couple: { type: 'object', properties: { phone: { format: 'phone' } } } },
        },
      },
    }
    const row = { phone: '1', phoneE164: '+1', mobile: null, extensions: { couple: { phone: '2' } } }
    expect(valuesOfFormat(clients, row as never, 'phone')).toEqual(['1', '2'])
  })
})
