/** A queue in Redis that is wiped, refuses, is full, hangs or is gone: what is to be told is told all the same, once. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, type Harness, openHarness } from '../support/harness.ts'
import { freePort } from './program.ts'

function findServer(): string | null {
  try {
    return execFileSync('sh', ['-c', 'command -v redis-server || command -v valkey-server'], {
      encoding: 'utf8',
    }).trim()
  } catch {
    return null
  }
}

const binary = findServer()

describe.skipIf(!binary)('Redis (needs redis-server or valkey-server)', () => {
  let dir: string
  let port: number
  let server: ChildProcess
  let redis: Redis
  let h: Harness

  async function startServer(): Promise<void> {
    server = spawn(binary as string, ['--port', `${port}`, '--save', '', '--dir', dir], { stdio: 'ignore' })
    await eventually(async () => (await redis.ping().catch(() => null)) === 'PONG', 'Redis answers')
  }

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weft-redis-'))
    port = await freePort()
    redis = new Redis({ port, maxRetriesPerRequest: null, retryStrategy: () => 100 })
    redis.on('error', () => {})
    await startServer()
    h = await openHarness({ worker: true, config: { redisUrl: `redis://127.0.0.1:${port}` } })
  })
  afterAll(async () => {
    server?.kill('SIGCONT')
    await h?.close()
    redis?.disconnect()
    server?.kill('SIGKILL')
    if (dir) rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  })

  const createClients = async (count: number, mark: string) => {
    const made = await Promise.all(
      Array.from({ length: count }, (_, i) =>
        h.alice.post('/api/clients', { type: 'person', lastName: `${mark} ${i}` }),
      ),
    )
    expect(made.filter(({ status }) => status !== 201)).toEqual([])
    return made.map(({ body }) => body.id as string)
  }
  /** How often the welcome of each new client was told, as the tasks that it left. */
  const welcomes = async (ids: readonly string[]) => {
    const rows = await h.database.query<{ id: string; count: number }>(
      `select c.id, count(t.id)::int as count from unnest($1::uuid[]) c(id)
       left join tasklist__tasklist t on t.client_id = c.id group by c.id`,
      [ids],
    )
    return rows.map(({ count }) => count)
  }
  const areTold = (ids: readonly string[]) =>
    eventually(
      async () => {
        // Time passes: what was handed over before the fault has outlived its lease.
        await h.database.query(`update kernel.deliveries set leased_until = now() - interval '1 second'
          where state = 'queued' and updated_at < now() - interval '2 seconds'`)
        return (await welcomes(ids)).every((count) => count > 0)
      },
      'every client was welcomed',
      60_000,
    )
  const expectOnce = async (ids: readonly string[]) => expect(new Set(await welcomes(ids))).toEqual(new Set([1]))

  test('wiped again and again while clients are made: nothing is lost and nothing is done twice', async () => {
    const ending = new AbortController()
    const wiping = (async () => {
      while (!ending.signal.aborted) {
        await redis.flushall()
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    const ids = await createClients(60, 'Wiped')
    ending.abort()
    await wiping
    await areTold(ids)
    await expectOnce(ids)
  }, 90_000)

  test('what is scheduled for later outlives a wipe', async () => {
    const [id] = await createClients(1, 'Later')
    const at = new Date(Date.now() + 1_500).toISOString()
    const reply = await h.alice.post('/api/probe/ring', { recordId: id, word: 'later', at })
    expect(reply.status, reply.text).toBeLessThan(300)
    await redis.flushall()
    await eventually(
      async () => {
        await redis.flushall()
        await h.database.query(`update kernel.deliveries set leased_until = now() where state = 'queued'`)
        const rows = await h.database.query(
          `select 1 from tasklist__tasklist where client_id = $1 and title = 'later'`,
          [id],
        )
        return rows.length === 1
      },
      'it has rung',
      30_000,
    )
  }, 60_000)

  test.each([
    [
      'without its replicas',
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
    ],
    ['a replica that only reads', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
    ['full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
  ])(
    '%s: writes are taken, and told when it takes jobs again',
    async (name, begin, end) => {
      await redis.call(...(begin as [string]))
      const ids = await createClients(10, name)
      await eventually(
        async () =>
          (await h.database.query(`select 1 from kernel.deliveries where state <> 'done' and attempts = 0`)).length > 0,
        'they wait',
      )
      await redis.call(...(end as [string]))
      await areTold(ids)
      await expectOnce(ids)
    },
    90_000,
  )

  test('hanging, then gone and back empty', async () => {
    server.kill('SIGSTOP')
    const first = await createClients(10, 'Hanging')
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
    const second = await createClients(10, 'Gone')
    expect((await h.alice.get('/api/clients?limit=1')).status).toBe(200)
    await startServer()
    await areTold([...first, ...second])
    await expectOnce([...first, ...second])
  }, 120_000)
})
