import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fieldsOf } from '../fields/field.ts'
import { hindranceOf, isAskedOfNew } from './field-right.ts'

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'))

function composed(path: string, extensions: object = {}) {
  const schema = read(path)
  const properties = {
    createdAt: { type: 'string', format: 'date-time', readOnly: true },
    ...schema.properties,
    extensions: { type: 'object', properties: extensions },
  }
  return { ...schema, properties }
}

function hindrances(resource: { name: string; belongsTo: string | null }, schema: ReturnType<typeof composed>) {
  const fields = fieldsOf({ ...resource, plugin: resource.name }, schema)
  return (path: string) => {
    const field = fields.find((each) => each.path === path)!
    return [hindranceOf(field, 'masked', { resource, schema }), hindranceOf(field, 'read', { resource, schema })]
  }
}

test('fields of the system, and those that a record needs, are not hidden', () => {
  const schema = composed('core/client/schemas/clients.json', {
    interactions: read('plugins/interactions/schemas/clients.json'),
  })
  const of = hindrances({ name: 'clients', belongsTo: null }, schema)
  expect(of('createdAt')).toEqual(['kernel', 'kernel'])
  expect(of('type')).toEqual(['needed', null])
  expect(of('companyName')).toEqual(['needed', null])
  expect(of('status')).toEqual(['needed', null])
  expect(of('email')).toEqual([null, null])
  expect(of('extensions.interactions.lastInteractionAt')).toEqual([null, 'computed'])
  const fields = fieldsOf({ name: 'clients', plugin: 'clients' }, schema)
  const asked = fields.filter((field) => isAskedOfNew(field, schema)).map(({ name }) => name)
  expect(asked.toSorted()).toEqual(['companyName', 'lastName', 'type'])
})

test('what says to what a row belongs is not hidden', () => {
  const of = hindrances(
    { name: 'interactions', belongsTo: 'any' },
    composed('plugins/interactions/schemas/interactions.json'),
  )
  expect(of('recordId')).toEqual(['needed', null])
})
