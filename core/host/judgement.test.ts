import { expect, test } from 'vitest'
import { allow, defineAnswer, definePoint, defineResource, type Plugin } from '../contract.ts'
import { judge } from './judgement.ts'
import type { Fault, Installed, Manifest } from './manifest.ts'

const schema = { type: 'object', additionalProperties: false, properties: { name: { type: 'string' } } }
const halls = defineResource({ name: 'halls', schema })

function install(id: string, plugin: Plugin, manifest: Partial<Manifest> = {}): Installed {
  const none = {
    requires: {},
    uses: {},
    permissions: {},
    extends: {},
    annotations: {},
    widgets: [],
    schedules: {},
    lists: {},
  }
  return { id, plugin, manifest: { ...none, ...manifest }, extensions: new Map(), opens: [] } as unknown as Installed
}

function rulesOf(candidate: Installed): string[] {
  const faults: Fault[] = []
  judge(candidate, [install('halls', { resources: [halls] })], faults)
  return faults.map(({ params: { detail, mend } }) => `${String(detail)}: ${String(mend)}`)
}

const answers = [defineAnswer({ point: halls.points.creating, answer: async () => allow() })]

test.each<[string, Partial<Manifest>]>([
  ['uses the resource', { uses: { halls: ['read'] } }],
  ['extends it', { extends: { halls: 'schemas/halls.json' } }],
  ['requires its plugin', { requires: { halls: '^1.0.0' } }],
])('a plugin that %s may answer its points', (_, manifest) => {
  expect(rulesOf(install('guard', { answers }, manifest))).toEqual([])
})

test('any other may not, and is told what to mend', () => {
  expect(rulesOf(install('guard', { answers }))).toEqual([
    "it answers 'halls.creating' of a resource that it neither uses nor extends: " +
      "name 'halls' in `uses` or `extends`, or require 'halls'",
  ])
})

test('a plugin answers its own resource, and defines no point that the resource has already', () => {
  const own = defineResource({ name: 'rooms', schema })
  const answer = defineAnswer({ point: own.points.deleting, answer: async () => allow() })
  expect(rulesOf(install('rooms', { resources: [own], answers: [answer] }))).toEqual([])
  const options = { kind: 'veto', within: 'command', ms: 100, onFailure: 'skip' } as const
  const plugin = { resources: [own], points: [definePoint<null>('rooms.deleting', options)] }
  expect(rulesOf(install('rooms', plugin))).toEqual([
    "the point 'rooms.deleting' is one that 'rooms' has already: call it otherwise",
  ])
})
