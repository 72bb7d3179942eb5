/** Fields that a tenant defines by the plugin `tenantfields`, as tests ask for them. */
import { expect } from 'vitest'
import type { Harness, Reply, Visitor } from './harness.ts'
import { eventually } from './harness.ts'

type Properties = Record<string, Record<string, unknown>>

/** A label in both languages for every field, unless some are given. */
const labelsFor = (properties: Properties) =>
  Object.fromEntries(Object.keys(properties).map((name) => [name, { en: `The ${name}`, fr: `Le ${name}` }]))

export interface Defining {
  readonly resource?: string
  readonly labels?: object
  readonly required?: readonly string[]
}

export function define(visitor: Visitor, properties: Properties, more: Defining = {}): Promise<Reply> {
  const { resource = 'clients', labels = {}, required } = more
  const schema = { type: 'object', additionalProperties: false, ...(required ? { required } : {}), properties }
  const body = { schema, labels: { ...labelsFor(properties), ...labels } }
  return visitor.call('PUT', `/api/tenantfields/fields/${resource}`, { body })
}

/** @throws AssertionError where it is refused */
export async function defined(visitor: Visitor, properties: Properties, more: Defining = {}): Promise<void> {
  const reply = await define(visitor, properties, more)
  expect(reply.status, reply.text).toBe(200)
}

/** Waits until no task of a tenant's fields is under way. */
export async function untilSettled(h: Harness): Promise<void> {
  const text = `select count(*)::int as n from kernel.tasks where name like 'fields.%' and state in ('waiting', 'running')`
  await eventually(
    async () => (await h.database.query<{ n: number }>(text))[0]?.n === 0,
    'the tasks of fields are done',
  )
}

/** A client with values of the tenant's own fields. */
export async function enter(visitor: Visitor, values: object, more: object = {}) {
  const body = { type: 'person', lastName: 'Morel', extensions: { tenantfields: values }, ...more }
  const made = await visitor.post('/api/clients', body)
  expect(made.status, made.text).toBe(201)
  return made.body
}
