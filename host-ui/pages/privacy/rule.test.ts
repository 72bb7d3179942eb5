import { describe, expect, it } from 'vitest'
import type { Field } from '../fields/field.ts'
import { readRule, stateOf, writeRule } from './rule.ts'

const field = (path: string, schema: object): Field => ({
  path,
  name: path,
  extension: null,
  system: false,
  schema: { 'x-filter': true, ...schema },
  labelKey: path,
  section: '',
  order: 0,
})
const fields = [
  field('createdAt', { type: 'string', format: 'date-time' }),
  field('status', { type: 'string', enum: ['lost', 'active'] }),
]

describe('the filter of a rule', () => {
  it('is an age and a condition, and comes back as it went', () => {
    const filter = { all: [{ createdAt: { lt: 'now-36m' } }, { status: { in: ['lost', 'active'] } }] }
    const { age } = readRule(filter)
    expect(age).toEqual({ path: 'createdAt', count: 36, unit: 'm' })
    expect(stateOf(filter).filters).toEqual([{ path: 'status', op: 'in', value: 'lost,active' }])
    expect(writeRule(age, stateOf(filter), fields)).toEqual(filter)
  })

  it('keeps what no form can show', () => {
    const any = { any: [{ status: 'lost' }, { status: 'active' }] }
    const filter = { all: [{ createdAt: { lt: 'now-1y' } }, any] }
    expect(readRule(filter)).toMatchObject({ filters: [], rest: any })
    expect(writeRule(readRule(filter).age, stateOf(filter), fields)).toEqual(filter)
  })

  it('takes no fixed day and no later one for an age', () => {
    for (const createdAt of [{ lt: '2020-01-01' }, { gt: 'now-1y' }, { lt: 'now+1y' }, { lt: 'now-5h' }])
      expect(readRule({ all: [{ createdAt }] }).age).toBeNull()
  })

  it('is none where nothing is asked', () => {
    expect(writeRule(null, stateOf({}), fields)).toBeNull()
  })
})
