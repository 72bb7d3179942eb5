/** Many rows of a log entered at once: all of them, or none. */
import { randomUUID } from 'node:crypto'
import { type JsonObject, Problem, type ProblemEntry } from '../contract.ts'
import { problemOf } from '../data/problems.ts'
import { compileAppend, type Entry } from '../resource/append.ts'
import { compileReferences } from '../resource/write.ts'
import { readCreation } from './body.ts'
import type { Composed } from './composition.ts'
import type { Scope } from './scope.ts'
import { assertUsers } from './verbs.ts'

const MOST = 1_000
/** Of a list that is wrong throughout a few faults say enough. */
const MOST_FAULTS = 100

function atPlace(place: number, errors: readonly ProblemEntry[]): ProblemEntry[] {
  return errors.map((entry) => ({ ...entry, path: `/${place}${entry.path}` }))
}

async function readEntry(scope: Scope, composed: Composed, body: unknown): Promise<Entry> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new Problem(400, 'invalid', [{ path: '', code: 'type' }])
  const written = readCreation(composed, body as JsonObject, scope)
  await assertUsers(scope, written, composed.model)
  return { id: randomUUID(), ...written }
}

async function readEntries(scope: Scope, composed: Composed, bodies: readonly unknown[]): Promise<Entry[]> {
  const entries: Entry[] = []
  const faults: ProblemEntry[] = []
  let worst: Problem | null = null
  for (const [place, body] of bodies.entries()) {
    try {
      entries.push(await readEntry(scope, composed, body))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      worst = worst === null || error.status < worst.status ? error : worst
      faults.push(...atPlace(place, error.errors))
      if (faults.length >= MOST_FAULTS) break
    }
  }
  if (worst) throw new Problem(worst.status, worst.code, faults.slice(0, MOST_FAULTS))
  return entries
}

/** Which references of which rows are not there. */
async function refuseReferences(scope: Scope, entries: readonly Entry[]): Promise<never> {
  const given = entries.flatMap(({ columns }, place) =>
    [...columns].flatMap(([field, value]) =>
      field.ref === null || field.ref === 'users' || value === null
        ? []
        : [{ place, field, id: String(value).toLowerCase() }],
    ),
  )
  const ids = [...new Set(given.map(({ id }) => id))]
  const { rows } = await scope.unit.read<{ id: string; resource: string }>(
    compileReferences({ tenant: scope.tenant, ids, ruled: scope.rules.ruled }),
  )
  const there = new Map(rows.map(({ id, resource }) => [id, resource]))
  const missing = given.filter(({ field, id }) => {
    const resource = there.get(id)
    return resource === undefined || (field.ref !== 'any' && field.ref !== resource)
  })
  const errors = missing.map(({ place, field }) => ({ path: `/${place}${field.pointer}`, code: 'reference' }))
  // What came or went between the two statements leaves nothing to name: the caller may try again.
  throw errors.length > 0 ? new Problem(422, 'reference', errors.slice(0, MOST_FAULTS)) : new Problem(409, 'busy')
}

/**
 * @returns the ids, in the order of the bodies
 * @throws Problem 403, 400 `too_many` beyond 1,000 rows, and those of `create` with the place of the row in each path
 */
export async function appendRows(scope: Scope, composed: Composed, bodies: readonly unknown[]): Promise<string[]> {
  const { model } = composed
  if (!scope.can(`${model.name}.create`)) throw new Problem(403, 'forbidden')
  if (bodies.length > MOST) throw new Problem(400, 'too_many', [{ path: '', code: 'too_many', params: { most: MOST } }])
  const entries = await readEntries(scope, composed, bodies)
  if (entries.length === 0) return []
  try {
    const statement = compileAppend(model, entries, { tenant: scope.tenant, ruled: scope.rules.ruled })
    const { rows } = await scope.unit.write<{ count: number }>(statement)
    if (rows[0]?.count !== entries.length) return await refuseReferences(scope, entries)
    return entries.map(({ id }) => id)
  } catch (error) {
    throw problemOf(error, model)
  }
}
