/** A plugin that fails again and again is left alone for a minute, and nothing else is. */
import { expect, test } from 'vitest'
import { Problem } from '../contract.ts'
import { Guard, REST_MS } from './guard.ts'

const world = () => {
  let now = 0
  const guard = new Guard(() => now)
  const call = (work: () => Promise<unknown>, plugin = 'shaky') =>
    guard.run(plugin, work).catch((error: Error) => error)
  return {
    guard,
    pass: (ms: number) => (now += ms),
    fail: (plugin?: string) => call(() => Promise.reject(new Error('broken')), plugin),
    succeed: (plugin?: string) => call(async () => 'done', plugin),
    refuse: (code = 'invalid') => call(() => Promise.reject(new Problem(400, code))),
    times: async (n: number, work: () => Promise<unknown>) => {
      for (let i = 0; i < n; i++) await work()
    },
  }
}
const unavailable = { status: 503, code: 'plugin_unavailable' }

test('twenty failures within a minute suspend a plugin, and no other one', async () => {
  const { guard, fail, succeed, times } = world()
  await times(19, fail)
  expect(guard.suspensionOf('shaky')).toBeNull()
  await fail()
  expect(await succeed()).toMatchObject({ ...unavailable, errors: [{ params: { plugin: 'shaky', retryAfter: 60 } }] })
  expect(guard.suspensionOf('shaky')).toMatchObject({ failures: 20, calls: 20, last: 'broken' })
  expect(await succeed('steady')).toBe('done')
})

test('failures that are spread out, or fewer than the successes, suspend nothing', async () => {
  const { fail, succeed, pass, times } = world()
  await times(40, async () => {
    await fail()
    pass(4_000)
  })
  expect(await succeed()).toBe('done')
  await times(60, succeed)
  await times(30, fail)
  expect(await succeed()).toBe('done')
})

test('a refusal is an answer, a missed deadline is a failure', async () => {
  const { refuse, succeed, times } = world()
  await times(50, () => refuse())
  expect(await succeed()).toBe('done')
  await times(60, () => refuse('deadline'))
  expect(await succeed()).toMatchObject(unavailable)
})

test('after a minute one call tries it: a failure suspends it again, a success ends it', async () => {
  const { guard, fail, succeed, pass, times } = world()
  await times(20, fail)
  pass(REST_MS)
  const slow = Promise.withResolvers<string>()
  const trying = guard.run('shaky', () => slow.promise)
  expect(await succeed()).toMatchObject(unavailable)
  slow.reject(new Error('still broken'))
  await trying.catch(() => {})
  expect(await succeed()).toMatchObject(unavailable)
  pass(REST_MS)
  expect(await succeed()).toBe('done')
  await times(19, fail)
  expect(await succeed()).toBe('done')
})

test('a person may end it before its time', async () => {
  const { guard, fail, succeed, times } = world()
  expect(guard.resume('shaky')).toBe(false)
  await times(20, fail)
  expect(guard.resume('shaky')).toBe(true)
  expect(await succeed()).toBe('done')
  expect(guard.metrics()).toEqual([
    expect.objectContaining({ plugin: 'shaky', calls: 21, errors: 20, suspended: false }),
  ])
})
