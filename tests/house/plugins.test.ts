/** The rules of the house for every plugin's folder: those of `npm run weft -- plugin check`. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FOLDER_RULES } from '../../core/commands/check/folder-rules.ts'
import { compare } from '../../core/data/comparison.ts'
import { printFaults } from '../../core/host/judgement.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { candidates, faults, models, present } from './folders.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database?.drop())

test('every folder is loaded, and nothing is said against it', () => {
  expect(printFaults(faults)).toBe('')
  expect(candidates.size).toBe(present)
})

describe.each([...candidates])('%s', (name, candidate) => {
  // Nobody looks at the plugins of the tests.
  const rules = FOLDER_RULES.filter(({ rule }) => rule !== 'labels' || !name.startsWith('tests/'))

  test.each(rules.map((each) => [each.rule, each] as const))('keeps the rule of %s', (_, { judge }) => {
    expect(judge(candidate)).toEqual([])
  })

  test('has migrated what its schemas say', async () => {
    expect(await compare(database.ownerUrl, models, candidate.installed.id)).toMatchObject({ passed: [], refused: [] })
  })
})
