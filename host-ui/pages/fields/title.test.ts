import { describe, expect, it } from 'vitest'
import type { Row } from '../../sdk/index.ts'
import { titleOf } from './title.ts'

const personal = { type: 'string', 'x-personal': true }
const partner = { ...personal, 'x-when': { type: ['couple'] } }
const schema = {
  'x-title': ['companyName', 'firstName', 'lastName'],
  properties: {
    companyName: { type: 'string' },
    firstName: personal,
    lastName: personal,
    extensions: { properties: { couple: { properties: { firstName: partner, lastName: partner, email: partner } } } },
  },
}
const title = (row: object) => titleOf(row as Row, schema)

describe('the name of a record', () => {
  it('is that of the person', () => {
    expect(title({ type: 'person', firstName: 'Emma', lastName: 'Dupont' })).toEqual({ main: 'Emma Dupont', note: '' })
  })

  it('is that of the company, with the person behind it as a note', () => {
    const row = { type: 'company', companyName: 'Northwind', firstName: 'Maria', lastName: 'Anders' }
    expect(title(row)).toEqual({ main: 'Northwind', note: 'Maria Anders' })
  })

  it('names both people where an extension adds a second one', () => {
    const couple = { firstName: 'Hugo', lastName: 'Martin', email: 'hugo@example.org' }
    const row = { type: 'couple', firstName: 'Emma', lastName: 'Dupont', extensions: { couple } }
    expect(title(row).main).toBe('Emma Dupont & Hugo Martin')
  })

  it('says a shared last name once', () => {
    const row = {
      type: 'couple',
      firstName: 'Emma',
      lastName: 'Martin',
      extensions: { couple: { firstName: 'Hugo', lastName: 'Martin' } },
    }
    expect(title(row).main).toBe('Emma & Hugo Martin')
  })

  it('leaves out the second person where the record is not a couple', () => {
    const row = {
      type: 'person',
      firstName: 'Emma',
      lastName: 'Dupont',
      extensions: { couple: { lastName: 'Martin' } },
    }
    expect(title(row).main).toBe('Emma Dupont')
  })

  it('makes do with what is there', () => {
    const row = {
      type: 'couple',
      firstName: null,
      lastName: 'Dupont',
      extensions: { couple: { firstName: 'Hugo', lastName: null } },
    }
    expect(title(row).main).toBe('Dupont & Hugo')
    expect(title({ type: 'person' })).toEqual({ main: '', note: '' })
  })
})
