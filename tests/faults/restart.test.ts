/** What is acknowledged is kept, whatever is killed; what is asked to end leaves nothing behind. */
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/harness.ts'
import { Folders, freePort, type Program, run } from './program.ts'

const folders = new Folders()
const folder = 'data'
const cutOff = 'cut-off'
/** Five seconds, and as much again for a machine that is busy. */
const LIMIT_MS = 10_000
const running = new Set<Program>()
const admin = { email: 'admin@restart.example', password: 'a password of some length' }

afterAll(() => {
  for (const { process } of running) process.kill('SIGKILL')
  folders.remove([folder, cutOff])
})

/** One start after another on the same folder and port. */
class Weft {
  readonly #port: number
  #program: Program | null = null
  #cookie = ''

  constructor(port: number) {
    this.#port = port
  }

  get isRunning(): boolean {
    return this.#program !== null && running.has(this.#program)
  }

  async start(): Promise<void> {
    const settings = {
      PORT: `${this.#port}`,
      WEFT_DATA_DIR: folders.path(folder),
      WEFT_ADMIN_EMAIL: admin.email,
      WEFT_ADMIN_PASSWORD: admin.password,
    }
    const program = run(['start'], settings)
    running.add(program)
    program.process.once('exit', () => running.delete(program))
    this.#program = program
    const failed = program.ended.then(({ err }) => Promise.reject(new Error(err)))
    failed.catch(() => {})
    await Promise.race([failed, eventually(async () => (await this.ready()) === 200, 'it is ready', 180_000)])
  }

  /** The signals one after the other; how it ended, and how long that took. */
  async end(...signals: NodeJS.Signals[]): Promise<{ code: number | null; err: string; ms: number }> {
    const { process, ended } = this.#program!
    const begin = performance.now()
    const exit = once(process, 'exit')
    for (const signal of signals) process.kill(signal)
    await exit
    const ms = performance.now() - begin
    // Its output may be held open by what it has left behind.
    const { code, err } = signals[0] === 'SIGKILL' ? { code: process.exitCode, err: '' } : await ended
    return { code, err, ms }
  }

  async ready(): Promise<number> {
    return (await this.call('GET', '/health/ready').catch(() => null))?.status ?? 0
  }

  async call(method: string, path: string, body?: unknown): Promise<Response> {
    const origin = `http://127.0.0.1:${this.#port}`
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const init = { method, headers: { origin, cookie: this.#cookie, ...type }, signal: AbortSignal.timeout(10_000) }
    return fetch(`${origin}${path}`, body === undefined ? init : { ...init, body: JSON.stringify(body) })
  }

  async read<T>(path: string): Promise<T> {
    return (await (await this.call('GET', path)).json()) as T
  }

  async signIn(as = admin): Promise<number> {
    const reply = await this.call('POST', '/api/session', as)
    this.#cookie = reply.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    await reply.body?.cancel()
    return reply.status
  }

  /** The id of a client that is acknowledged; null where the answer did not come. */
  async create(lastName: string): Promise<string | null> {
    try {
      const reply = await this.call('POST', '/api/clients', { type: 'person', lastName })
      return reply.status === 201 ? ((await reply.json()) as { id: string }).id : null
    } catch {
      return null
    }
  }

  /** Those of the ids that are not there. */
  async missing(ids: readonly string[]): Promise<string[]> {
    const found = await Promise.all(ids.map(async (id) => (await this.call('GET', `/api/clients/${id}`)).status))
    return ids.filter((_, i) => found[i] !== 200)
  }
}

/** Writes from several sides until it is stopped; the ids of all that was acknowledged. */
function write(weft: Weft): { acknowledged: string[]; stop(): Promise<void> } {
  const acknowledged: string[] = []
  let stopped = false
  const writers = [1, 2, 3, 4].map(async (writer) => {
    for (let n = 0; !stopped; n++) {
      const id = await weft.create(`Kept ${writer} ${n}`)
      if (id === null) stopped = true
      else acknowledged.push(id)
    }
  })
  return {
    acknowledged,
    async stop() {
      stopped = true
      await Promise.all(writers)
    },
  }
}

describe('a Weft with an administrator and clients', { timeout: 300_000 }, () => {
  let weft: Weft
  let kept: readonly string[] = []

  beforeAll(async () => {
    weft = new Weft(await freePort())
    await weft.start()
    expect(await weft.signIn()).toBe(200)
  }, 300_000)

  test('that is asked to end while a long handler still fills the demo ends all the same', async () => {
    const { code, ms } = await weft.end('SIGINT')
    expect(code).toBe(0)
    expect(ms).toBeLessThan(LIMIT_MS)
    await weft.start()
    expect(await weft.signIn()).toBe(200)
  })

  test('that is killed in the middle of writing has all that it acknowledged when it starts again', async () => {
    const writing = write(weft)
    await eventually(async () => writing.acknowledged.length >= 40, 'clients are made', 60_000)
    await weft.end('SIGKILL')
    await writing.stop()
    kept = writing.acknowledged
    expect(folders.postmaster(folder), 'PostgreSQL outlives its Weft').not.toBeNull()
    await weft.start()
    expect(await weft.signIn()).toBe(200)
    expect(await weft.missing(kept)).toEqual([])
  })

  test('lets the administrator of a tenant that is made beside it sign in at once, with every plugin on', async () => {
    const bella = { email: 'bella@restart.example', password: 'another password of some length' }
    const words = [
      '--slug',
      'bella',
      '--name',
      'Bella',
      '--admin-email',
      bella.email,
      '--admin-password',
      bella.password,
    ]
    const made = await run(['tenant', 'create', ...words], { WEFT_DATA_DIR: folders.path(folder) }).ended
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(await weft.signIn(bella)).toBe(200)
    const { items } = await weft.read<{ items: { id: string; enabled: boolean }[] }>('/api/plugins')
    expect(items.length).toBeGreaterThan(0)
    expect(items.filter(({ enabled }) => !enabled)).toEqual([])
    expect(await weft.missing(kept.slice(0, 1)), 'a client of the other tenant').toHaveLength(1)
    expect(await weft.signIn()).toBe(200)
  })

  test('says that it is not ready while its PostgreSQL is killed, and brings it back', async () => {
    const killed = folders.postmaster(folder)!
    process.kill(killed, 'SIGKILL')
    await eventually(async () => (await weft.ready()) === 503, 'it says that it is not ready')
    await eventually(async () => (await weft.ready()) === 200, 'it is ready again', 60_000)
    expect(folders.postmaster(folder)).not.toBe(killed)
    expect(await weft.missing(kept)).toEqual([])
    expect(await weft.create('After')).not.toBeNull()
  })

  test.each([[['SIGINT']], [['SIGINT', 'SIGINT']], [['SIGTERM', 'SIGHUP']]] as const)(
    'that gets %j ends in good order, and PostgreSQL with it',
    async (signals) => {
      if (!weft.isRunning) await weft.start()
      const { code, ms } = await weft.end(...signals)
      expect(code).toBe(0)
      expect(ms).toBeLessThan(LIMIT_MS)
      expect(folders.postmaster(folder)).toBeNull()
    },
  )
})

test('a start that is cut off by Ctrl-C leaves no PostgreSQL behind', { timeout: 120_000 }, async () => {
  const program = run(['worker'], { WEFT_DATA_DIR: folders.path(cutOff) })
  running.add(program)
  await eventually(async () => folders.postmaster(cutOff), 'PostgreSQL is starting', 60_000)
  program.process.kill('SIGINT')
  const { code, err } = await program.ended
  running.delete(program)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(folders.postmaster(cutOff)).toBeNull()
})
