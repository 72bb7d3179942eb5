import { expect, test } from 'vitest'
import { defineFeed, defineRoute, type Plugin, type Route } from '../contract.ts'
import { judge } from './judgement.ts'
import type { Fault, Installed } from './manifest.ts'

const sound = {
  method: 'POST',
  path: '/go',
  access: 'trial.run',
  kind: 'exchange',
  handle: async () => {},
} as const

function faultsOf(plugin: Plugin): string[] {
  const faults: Fault[] = []
  const none = { widgets: [], schedules: {}, requires: {}, annotations: {}, uses: {}, lists: {} }
  const manifest = { ...none, id: 'trial', permissions: { 'trial.run': {} } }
  judge({ id: 'trial', manifest, plugin, extensions: new Map(), opens: [] } as unknown as Installed, [], faults)
  return faults.map(({ params }) => String(params.detail))
}
const judged = (route: object) => faultsOf({ routes: [{ ...sound, ...route } as unknown as Route] }).join('\n')
const raw = { body: 'raw', maxBytes: 1_000, types: ['text/csv', 'image/*'] }

test.each([
  [{}],
  [raw],
  [{ ...raw, reply: 'raw' }],
  [{ reply: 'stream' }],
  [{ method: 'GET', reply: 'socket' }],
  [{ access: 'link', link: 'share', counts: false }],
  [{ access: 'public', origins: 'any' }],
])('%j is sound', (route) => {
  expect(judged(route)).toBe('')
})

test.each([
  [{ access: '' }, 'has no access'],
  [{ access: 'trial.other' }, 'which nobody has'],
  [{ path: 'go' }, 'does not begin with a slash'],
  [{ access: 'link' }, 'links of no name'],
  [{ access: 'link', link: 'Two words' }, 'links of no name'],
  [{ link: 'share' }, 'speaks of links'],
  [{ access: 'public', counts: true }, 'speaks of links'],
  [{ origins: 'any' }, 'not public'],
  [{ access: 'link', link: 'share', origins: 'any' }, 'not public'],
  [{ ...raw, kind: 'command' }, 'is a command and takes or gives what is not JSON'],
  [{ reply: 'stream', kind: 'query' }, 'is a query'],
  [{ method: 'GET', reply: 'socket', kind: 'query' }, 'is a query'],
  [{ reply: 'raw', kind: 'command' }, 'is a command'],
  [{ ...raw, maxBytes: undefined }, 'how long'],
  [{ ...raw, maxBytes: 2 ** 31 }, 'how long'],
  [{ ...raw, types: [] }, 'which raw bodies'],
  [{ ...raw, types: ['csv'] }, 'which raw bodies'],
  [{ ...raw, method: 'GET' }, 'by GET'],
  [{ maxBytes: 10 }, 'takes none'],
  [{ body: 'json' }, "the body of POST /api/trial/go is 'json'"],
  [{ reply: 'file' }, "is 'file'"],
  [{ reply: 'socket' }, 'no GET'],
  [{ ...raw, method: 'GET', reply: 'socket' }, 'no GET'],
])('%j is refused: %s', (route, reason) => {
  expect(judged(route)).toContain(reason)
})

test('two routes of one address, and two feeds of one name, are refused', () => {
  const route = defineRoute(sound)
  expect(faultsOf({ routes: [route, route] })).toEqual(['POST /api/trial/go is there twice'])
  expect(faultsOf({ routes: [route, { ...route, access: 'public' }] })).toEqual([])
  const feed = defineFeed({ name: 'box', keys: async () => [], run: async () => {} })
  expect(faultsOf({ feeds: [feed, feed] })).toEqual(["two feeds are called 'box'"])
  expect(faultsOf({ feeds: [{ ...feed, name: 'a.b' }] })).toEqual(["the feed 'a.b' has no plain name"])
})
