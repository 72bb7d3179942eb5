/** Rows in every table that plugins bring, and values in every part of others' rows that they extend. */
import { expect } from 'vitest'
import { specimenOf } from '../../core/commands/conformance/specimen.ts'
import type { Described } from '../../core/resource/description.ts'
import type { Visitor } from './harness.ts'

const ROWS = 3

const addressOf = (resource: string) => `/api/${resource.replaceAll('.', '/')}`

/** Rows of every resource, each with values of every plugin that extends it. */
export async function fill(visitor: Visitor, all: readonly Described[]): Promise<void> {
  const made = new Map<string, string[]>()
  const session = (await visitor.get('/api/session')).body
  // What is kept of people's lists is no plugin's.
  const resources = all.filter(({ id }) => id !== 'views').flatMap((each) => each.resources)
  for (let n = 0; n < ROWS; n++) {
    const refer = (of: string) => (of === 'users' ? session.user.id : made.get(of === 'any' ? 'clients' : of)?.[n])
    for (const { name, schema } of resources) {
      const extending = all.flatMap(({ id, extensions }) =>
        extensions.filter(([of]) => of === name).map(([, each]) => [id, specimenOf(each, n, refer)] as const),
      )
      const own = name === 'clients' ? { type: 'person', lastName: `Client ${n}` } : specimenOf(schema, n, refer)
      const filled = extending.filter(([, values]) => Object.keys(values).length > 0)
      const body = filled.length > 0 ? { ...own, extensions: Object.fromEntries(filled) } : own
      const reply = await visitor.post(addressOf(name), body)
      expect(reply.status, `${name}: ${reply.text}`).toBe(201)
      made.set(name, [...(made.get(name) ?? []), reply.body.id])
    }
  }
}
