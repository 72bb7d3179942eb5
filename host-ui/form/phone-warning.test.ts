import { describe, expect, it } from 'vitest'
import type { Row } from 'weft/ui'
import { unreadPhones } from './phone-warning.ts'

const phones = { phone: { type: 'string', format: 'phone' }, phoneE164: { type: 'string', readOnly: true } }
const couple = { type: 'object', properties: phones }
const schema = { properties: { ...phones, extensions: { type: 'object', properties: { couple } } } }
const rowOf = (fields: object) => ({ id: '1', version: 1, ...fields }) as unknown as Row

describe('unreadPhones', () => {
  it('names stored numbers that the server could not read, in extensions too', () => {
    const row = rowOf({ phone: '12', phoneE164: null, extensions: { couple: { phone: '34' } } })
    expect(unreadPhones(schema, row, row)).toEqual(['/phone', '/extensions/couple/phone'])
  })
  it('is silent about numbers that were read, that are being typed over, and of new records', () => {
    const row = rowOf({ phone: '12', phoneE164: '+12', extensions: { couple: { phone: '34' } } })
    expect(unreadPhones(schema, row, { phone: '12', extensions: { couple: { phone: '345' } } })).toEqual([])
    expect(unreadPhones(schema, undefined, { phone: '12' })).toEqual([])
  })
})
