import { expect, test } from 'vitest'
import { Problem } from '../contract.ts'
import { locationOf } from './merge-routes.ts'

const merged = new Problem(308, 'merged', [{ path: '', code: 'merged', params: { id: 'b', merged: 'a' } }])
const request = (route: string, url: string, id: string) =>
  ({ routeOptions: { url: route }, url, params: { id } }) as unknown as Parameters<typeof locationOf>[0]

test('the same route and query of the survivor is where a request should have gone', () => {
  expect(locationOf(request('/api/clients/:id/history', '/api/clients/a/history?after=1', 'a'), merged)).toBe(
    '/api/clients/b/history?after=1',
  )
})

test('a route that stumbled over a merged row which its path does not name leads nowhere', () => {
  expect(locationOf(request('/api/probe/visits/:id', '/api/probe/visits/c', 'c'), merged)).toBeNull()
  expect(locationOf(request('/api/probe/visits', '/api/probe/visits', 'a'), merged)).toBeNull()
  expect(locationOf(request('/api/clients/:id', '/api/clients/a', 'a'), new Problem(308, 'other'))).toBeNull()
})
