/**
 * `npm start` on a data folder whose disk is full: first its tables find no room, then PostgreSQL's journal, which ends it.
 * A run by hand: WHOLE=1 npm test -- tests/faults/whole-disk.test.ts
 */
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressOf, openHome } from '../../core/data/server-cluster.ts'
import { findPostmaster } from '../../core/data/server-process.ts'
import { eventually } from '../support/harness.ts'
import { freePort, type Program, run } from './program.ts'
import { Volume, whyNoVolume } from './volume.ts'

const ROUNDS = 200
const reason = process.env.WHOLE ? whyNoVolume() : 'WHOLE is not set'
const admin = { email: 'admin@whole.example', password: 'a password of some length' }

describe.skipIf(reason)(`a Weft whose whole disk is full (${reason ?? 'a volume of 200 MB'})`, () => {
  let volume: Volume
  let program: Program
  let origin = ''
  let cookie = ''
  const acknowledged: string[] = []
  const folder = () => join(volume.path, 'data')

  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
    const headers = { origin, cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const reply = await fetch(`${origin}${path}`, { method, headers, signal: AbortSignal.timeout(10_000), ...content })
    cookie = reply.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    return { status: reply.status, body: await reply.json() }
  }
  async function create(lastName: string): Promise<number> {
    const { status, body } = await call('POST', '/api/clients', { type: 'person', lastName, notes: 'x'.repeat(5_000) })
    if (status === 201) acknowledged.push(body.id)
    return status
  }
  /** What writes and reads are answered, as statuses. */
  async function work(): Promise<{ writes: Set<number>; reads: Set<number> }> {
    const seen = { writes: new Set<number>(), reads: new Set<number>() }
    for (let round = 0; round < ROUNDS; round++) {
      const writes = await Promise.all(['a', 'b', 'c'].map((each) => create(`Round ${round} ${each}`)))
      for (const status of writes) seen.writes.add(status)
      seen.reads.add((await call('GET', '/api/clients?limit=5')).status)
    }
    return seen
  }
  /** Writes into the journal alone, until PostgreSQL ends for want of room. */
  async function fillJournal(): Promise<void> {
    const home = openHome(folder())
    const { port } = findPostmaster(home.folder)!
    const owner = new Client({ connectionString: addressOf(home, port, 'weft') })
    owner.on('error', () => {})
    await owner.connect()
    const write = `select pg_logical_emit_message(false, 'ballast', repeat(md5(random()::text), 30000), true)`
    const end = () =>
      owner.query(write).then(
        () => false,
        () => true,
      )
    await eventually(end, 'PostgreSQL has ended', 30_000)
    await owner.end().catch(() => {})
  }

  beforeAll(async () => {
    volume = new Volume(200)
    const port = await freePort()
    origin = `http://127.0.0.1:${port}`
    program = run(['start'], {
      PORT: `${port}`,
      WEFT_DATA_DIR: folder(),
      WEFT_ADMIN_EMAIL: admin.email,
      WEFT_ADMIN_PASSWORD: admin.password,
    })
    const isReady = async () => (await call('GET', '/health/ready').catch(() => null))?.status === 200
    await eventually(isReady, 'it is ready', 180_000)
    expect((await call('POST', '/api/session', admin)).status).toBe(200)
    expect(await create('Before')).toBe(201)
  }, 200_000)
  afterAll(async () => {
    volume?.free()
    program?.process.kill('SIGTERM')
    await program?.ended
    volume?.remove()
  })

  test('refuses writes and serves reads, then neither; it is back by itself when there is room', async () => {
    volume.fill()
    const full = await work()
    expect([...full.writes].filter((status) => ![201, 503].includes(status))).toEqual([])
    expect([full.writes.has(503), full.reads]).toEqual([true, new Set([200])])
    await fillJournal()
    const ended = await work()
    expect([ended.writes, ended.reads]).toEqual([new Set([503]), new Set([503])])
    volume.free()
    await eventually(async () => (await create('After')) === 201, 'it takes writes', 30_000)
    for (const id of acknowledged) expect((await call('GET', `/api/clients/${id}`)).status).toBe(200)
    expect((await call('GET', '/health/ready')).status).toBe(200)
  }, 120_000)
})
