import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { tidy } from './formats.ts'
import { problemsOf, segments, validator } from './validation.ts'

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const clients = read('../../core/client/schemas/clients.json')

describe('problemsOf', () => {
  it('asks for what the type requires and follows a change of type', () => {
    expect(problemsOf(clients, { type: 'person' })).toEqual([{ path: '/lastName', code: 'required' }])
    expect(problemsOf(clients, { type: 'company' })).toEqual([{ path: '/companyName', code: 'required' }])
    expect(problemsOf(clients, { type: 'couple', lastName: 'Roy' })).toEqual([])
  })
  it('asks only for the type where there is none', () => {
    expect(problemsOf(clients, {})).toEqual([{ path: '/type', code: 'required' }])
  })
  it('names formats and limits with their parameters', () => {
    const data = { type: 'person', lastName: 'Roy', email: 'nobody', civility: 'x'.repeat(41) }
    expect(problemsOf(clients, data)).toEqual([
      { path: '/civility', code: 'maxLength', params: { limit: 40 } },
      { path: '/email', code: 'format', params: { format: 'email' } },
    ])
  })
  it('reaches into extensions', () => {
    const schema = {
      type: 'object',
      properties: {
        extensions: {
          type: 'object',
          properties: {
            couple: {
              type: 'object',
              properties: {
                email: { type: 'string', format: 'email' },
              },
            },
          },
        },
      },
    }
    expect(problemsOf(schema, { extensions: { couple: { email: 'x' } } })).toEqual([
      { path: '/extensions/couple/email', code: 'format', params: { format: 'email' } },
    ])
  })
  it('points at the item of a list', () => {
    const long = { type: 'person', lastName: 'Roy', tags: ['ok', 'x'.repeat(61)] }
    expect(problemsOf(clients, long)).toEqual([{ path: '/tags/1', code: 'maxLength', params: { limit: 60 } }])
  })
  it('refuses a field that is not in the schema', () => {
    const data = { type: 'person', lastName: 'Roy', oops: 1 }
    expect(problemsOf(clients, data)).toEqual([{ path: '/oops', code: 'unknown' }])
  })
  it('takes undefined for absent', () => {
    expect(problemsOf(clients, { type: 'person', lastName: 'Roy', email: undefined })).toEqual([])
  })
  it('says one thing a field', () => {
    const schema = { type: 'object', properties: { a: { type: 'string', minLength: 3, pattern: '^x' } } }
    expect(problemsOf(schema, { a: 'y' })).toHaveLength(1)
  })
  it('checks SIRET by Luhn, knows La Poste, and leaves phones alone', () => {
    const company = (fields: object) => problemsOf(clients, { type: 'company', companyName: 'X', ...fields })
    expect(company({ siret: '73282932000074' })).toEqual([])
    expect(company({ siret: '35600000049837' })).toEqual([])
    expect(company({ siret: '73282932000075' })[0]?.code).toBe('format')
    expect(company({ vatNumber: 'FR40303265045' })).toEqual([])
    expect(company({ vatNumber: '40303265045' })[0]?.code).toBe('format')
    expect(company({ country: 'FR', phone: 'ask Paul, room 12' })).toEqual([])
    expect(company({ phone: 'ask Paul' })[0]?.code).toBe('format')
    expect(company({ email: 'zoé@château.fr' })).toEqual([])
    expect(company({ tags: ['a', 'a'] })).toEqual([{ path: '/tags', code: 'unique_items' }])
    expect(company({ country: 'XX' })[0]?.code).toBe('format')
  })
})

describe('validator for rjsf', () => {
  it('chooses branches without eval and says no to a broken schema', () => {
    const branch = { properties: { type: { enum: ['couple'] } }, required: ['type'] } as const
    expect(validator.isValid(branch as never, { type: 'couple' }, branch as never)).toBe(true)
    expect(validator.isValid(branch as never, { type: 'person' }, branch as never)).toBe(false)
    expect(validator.isValid({ $ref: '#/nowhere' }, {}, {})).toBe(false)
  })
  it('gives errors as rjsf wants them', () => {
    const { errors, errorSchema } = validator.validateFormData({ type: 'person' }, clients)
    expect(errors[0]?.property).toBe('.lastName')
    expect(errorSchema).toEqual({ lastName: { __errors: ['required'] } })
  })
})

describe('tidy', () => {
  it('takes letterhead spacing out of register numbers only', () => {
    expect(tidy('siret', '732 829 320 00074')).toBe('73282932000074')
    expect(tidy('vat', 'fr 40 303 265 045')).toBe('FR40303265045')
    expect(tidy('email', ' a@b.fr ')).toBe('a@b.fr')
  })
})

describe('segments', () => {
  it('reads escaped pointers', () => {
    expect(segments('/extensions/couple/a~1b')).toEqual(['extensions', 'couple', 'a/b'])
  })
})
