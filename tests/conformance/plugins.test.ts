/** The conformance kit for every plugin that is shipped, those of the tests, and the kernel's own routes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { judgeBundle } from '../../core/commands/conformance/bundle.ts'
import { type Kit, judgeBreadth, openBench, openKit, RULES, runRule } from '../../core/commands/conformance/kit.ts'
import { candidates } from '../house/folders.ts'
import { openTestStage, type TestStage } from './stage.ts'

/** Drawn anew by `SEED=7 npm test -- tests/conformance`; all of it is tried by `npm run test:security`. */
const EXTENT = { seed: Number(process.env.SEED ?? 20_261_123), share: 0.03 }

let stage: TestStage
let kit: Kit
beforeAll(async () => {
  stage = await openTestStage()
  kit = await openKit(stage)
}, 120_000)
afterAll(() => stage?.close())

const installed = [...candidates.values()].map((each) => each.installed)
const rules = [...Object.keys(RULES), 'breadth']

describe.each([...installed.map(({ id }) => id), null])('%s', (id) => {
  test('keeps what the kit asks of it', { timeout: 120_000 }, async () => {
    const bench = await openBench(kit, id, EXTENT)
    const found: Record<string, unknown> = {}
    for (const rule of Object.keys(RULES)) found[rule] = await runRule(kit, bench, rule)
    found.breadth = judgeBreadth(bench)
    expect(found).toEqual(Object.fromEntries(rules.map((rule) => [rule, []])))
  })
})

test('every screen of a plugin is light', { timeout: 60_000 }, async () => {
  const found = await Promise.all(installed.map(async (each) => [each.id, await judgeBundle(each)] as const))
  expect(found.filter(([, findings]) => findings.length > 0)).toEqual([])
})
