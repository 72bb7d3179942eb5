import { expect, test } from 'vitest'
import { defineResource } from '../contract.ts'
import { judgeKeeping } from './keeping.ts'
import type { Installed } from './manifest.ts'

const telemetry = defineResource({ name: 'telemetry', schema: {}, keep: 'log', retention: { days: 9 } })

/** What is said against a plugin beside which there is another one with a log. */
function faultsOf(resources: readonly object[], extensions: readonly (readonly [string, object])[] = []): string[] {
  const faults: string[] = []
  const candidate = { plugin: { resources }, extensions, opens: [] } as unknown as Installed
  const other = { plugin: { resources: [telemetry] }, extensions: [], opens: [] } as unknown as Installed
  judgeKeeping(candidate, [other, candidate], (rule) => faults.push(rule))
  return faults
}

const made = (more: object) => ({ name: 'a', schema: {}, keep: 'record', ...more })

test('what is kept as it should be passes', () => {
  expect(faultsOf([made({}), made({ name: 'b', keep: 'scratch', retention: { days: 1 } })])).toEqual([])
  expect(faultsOf([], [['clients', { properties: { n: { 'x-rollup': { of: 'notes', count: true } } } }]])).toEqual([])
})

const WRONG: [object, string][] = [
  [made({ keep: 'forever' }), "'a' is kept as 'forever'"],
  [made({ keep: 'constructor' }), "'a' is kept as 'constructor'"],
  [made({ retention: { days: 9 } }), "'a' is a record, and has a retention"],
  [made({ keep: 'log' }), "'a' does not say how long it is kept"],
  ...[0, -1, 1.5, 3_661, '9', null].map((days): [object, string] => [
    made({ keep: 'log', retention: { days } }),
    "'a' does not say how long it is kept",
  ]),
  [made({ schema: { properties: { of: { 'x-ref': 'telemetry' } } } }), "'a' refers to 'telemetry', which is no record"],
]

test.each(WRONG)('%j is refused', (resource, fault) => {
  expect(faultsOf([resource])).toEqual([fault])
})

test('what is no record is not extended and not rolled up', () => {
  const rollup = { properties: { n: { 'x-rollup': { of: 'telemetry', count: true } } } }
  expect(
    faultsOf(
      [],
      [
        ['telemetry', {}],
        ['clients', rollup],
      ],
    ),
  ).toEqual(["it extends 'telemetry', which is no record", "it rolls up 'telemetry', which is no record"])
})
