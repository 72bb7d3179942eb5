/** Bodies and answers of plugins that are not JSON, over real connections. */
import { get as request, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { ticking } from '../../tests/support/plugins/probe/lib/flows.ts'
import { buildServer } from './server.ts'

let h: Harness
let app: FastifyInstance
let port: number

async function serve(): Promise<FastifyInstance> {
  const server = await buildServer(h.kernel.services)
  await server.listen({ port: 0, host: '127.0.0.1' })
  return server
}
const portOf = (server: FastifyInstance) => (server.server.address() as AddressInfo).port

beforeAll(async () => {
  h = await openHarness()
  app = await serve()
  port = portOf(app)
})
const opened: (() => void)[] = []
afterEach(() => opened.splice(0).forEach((close) => close()))
afterAll(async () => {
  await app?.close()
  await h?.close()
})

let members = 0
const member = () => h.addMember(h.tenants.alice, `flow-${++members}@test.example`, 'member')
const setProbe = (enabled: boolean) => h.alice.patch('/api/plugins/probe', { enabled })

describe('a raw body', () => {
  const send = (payload: Buffer, type = 'text/csv') =>
    h.alice.call('POST', '/api/probe/measure', { body: payload, headers: { 'content-type': type } })

  test('is handed over as it comes, with its type and length', async () => {
    const reply = await send(Buffer.alloc(100_000, 'x'), 'text/CSV; charset=latin1')
    expect([reply.status, reply.body]).toEqual([200, { type: 'text/csv', length: 100_000, bytes: 100_000 }])
    expect((await send(Buffer.from([0, 255]), 'image/png')).body).toEqual({ type: 'image/png', length: 2, bytes: 2 })
  })

  test('of another type is refused, and so is JSON where bytes are meant', async () => {
    for (const type of ['application/json', 'text/html', 'imagex/png', 'nonsense'])
      expect((await send(Buffer.from('{}'), type)).status, type).toBe(415)
    expect((await h.alice.call('POST', '/api/probe/measure')).status).toBe(415)
    expect((await h.anonymous().call('POST', '/api/probe/measure', { body: 'x' })).status).toBe(401)
    const other = await h.alice.call('POST', '/api/probe/call-out', {
      body: 'x',
      headers: { 'content-type': 'text/csv' },
    })
    expect(other.status).toBe(415)
  })

  test('is too large by its length, and by what comes without one', async () => {
    expect((await send(Buffer.alloc(100_001))).body.code).toBe('too_large')
    const reply = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      let text = ''
      socket.on('data', (piece) => (text += piece)).on('error', reject)
      socket.on('close', () => resolve(text))
      const head = `POST /api/probe/measure HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: http://127.0.0.1:${port}\r\n`
      socket.write(`${head}cookie: ${h.alice.cookie}\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n`)
      for (let i = 0; i < 3; i++) socket.write(`9c40\r\n${'x'.repeat(40_000)}\r\n`)
    })
    expect(reply).toMatch(/^HTTP\/1.1 413 /)
    expect(reply).toContain('"too_large"')
  })
})

describe('a raw answer', () => {
  const load = (kind: string) => h.alice.get(`/api/probe/download/${kind}`)
  const headersOf = async (kind: string) => {
    const { headers } = await load(kind)
    expect(headers['x-content-type-options']).toBe('nosniff')
    return [headers['content-type'], headers['content-disposition'], headers['content-security-policy']]
  }
  const sandbox = "sandbox; default-src 'none'"

  test('that a browser could run is downloaded and sandboxed, whatever the plugin asks', async () => {
    expect(await headersOf('html')).toEqual([
      'text/html; charset=utf-8',
      `attachment; filename="page.html"; filename*=UTF-8''page.html`,
      sandbox,
    ])
    expect(await headersOf('picture')).toEqual(['image/png', 'inline', sandbox])
  })

  test('of a type that is not known is bytes, and its name breaks no header', async () => {
    expect(await headersOf('strange')).toEqual([
      'application/octet-stream',
      `attachment; filename="____x.sh"; filename*=UTF-8''%C3%A9%22%0D%0Ax.sh`,
      sandbox,
    ])
  })

  test('may be made piece by piece, and breaks off where its making fails', async () => {
    const fetched = (kind: string) =>
      fetch(`http://127.0.0.1:${port}/api/probe/download/${kind}`, { headers: { cookie: h.alice.cookie } })
    const whole = await fetched('pieces')
    expect([whole.headers.get('content-type'), (await whole.text()).length]).toEqual([
      'text/csv; charset=utf-8',
      1_000_000,
    ])
    const broken = await fetched('broken')
    expect(broken.status).toBe(200)
    await expect(broken.text()).rejects.toThrow('terminated')
    expect((await fetched('none')).status).toBe(404)
  })
})

interface Heard {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  text(): string
  isEnded(): boolean
  close(): void
  reply: IncomingMessage
}

function listen(path: string, cookie: string, accept = 'text/event-stream', on = port): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const asked = request({ port: on, path, agent: false, headers: { accept, cookie } }, (reply) => {
      let text = ''
      let ended = false
      const end = () => (ended = true)
      reply
        .on('data', (piece) => (text += piece))
        .on('error', end)
        .on('close', end)
      const close = () => asked.destroy()
      opened.push(close)
      const status = reply.statusCode ?? 0
      resolve({ status, headers: reply.headers, text: () => text, isEnded: () => ended, close, reply })
    })
    asked.on('error', reject)
  })
}

const isTicking = (heard: Heard) => eventually(async () => heard.text().includes('"tick":3'), 'it ticks')
/** Within two seconds, and nothing can be done with its ctx any more. */
async function isOver(heard: Heard, why: string): Promise<void> {
  await eventually(async () => heard.isEnded() && ticking.isOver, why, 2_500)
  await eventually(async () => ticking.late, 'its ctx was tried')
  expect(ticking.late).toMatch(/ctx is over|proxy that has been revoked/)
}

describe('a stream', () => {
  test('is sent as events or as lines, as the client accepts', async () => {
    const events = await listen('/api/probe/ticks', h.alice.cookie)
    await isTicking(events)
    expect(events.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(events.headers['x-content-type-options']).toBe('nosniff')
    expect(events.text()).toMatch(/^data: {"tick":1,"tenant":"alice"}\n\ndata: {"tick":2/)
    const lines = await listen('/api/probe/ticks', h.bob.cookie, '*/*')
    await isTicking(lines)
    expect(lines.headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
    expect(lines.text()).toMatch(/^{"tick":1,"tenant":"bob"}\n/)
    expect((await listen('/api/probe/ticks', h.alice.cookie, 'application/json')).status).toBe(406)
    expect((await listen('/api/probe/ticks', '')).status).toBe(401)
    expect((await listen('/api/probe/ticks?stray=1', h.alice.cookie)).status).toBe(400)
  })

  test('ends when the client hangs up', async () => {
    const heard = await listen('/api/probe/ticks', h.alice.cookie)
    await isTicking(heard)
    heard.close()
    await isOver(heard, 'the client has gone')
  })

  test('ends when the plugin is switched off for its tenant, and for no other', async () => {
    const theirs = await listen('/api/probe/ticks?ms=40', h.bob.cookie)
    const heard = await listen('/api/probe/ticks', h.alice.cookie)
    await isTicking(heard)
    await setProbe(false)
    try {
      await eventually(async () => heard.isEnded(), 'the plugin is off', 1_500)
      const before = theirs.text().length
      await eventually(async () => theirs.text().length > before + 100, 'the other tenant goes on')
      expect(heard.text()).toMatch(/event: problem\ndata: {"status":404,"code":"not_found","errors":\[\]}\n\n$/)
    } finally {
      await setProbe(true)
    }
  })

  test('ends when its user signs out', async () => {
    const visitor = await member()
    const heard = await listen('/api/probe/ticks', visitor.cookie)
    await isTicking(heard)
    await visitor.call('DELETE', '/api/session')
    await isOver(heard, 'signed out')
    expect(heard.text()).toContain('"code":"unauthenticated"')
  })

  test('of a link ends when that is revoked', async () => {
    const { id, token } = (await h.alice.post('/api/probe/share', {})).body
    const heard = await listen(`/api/link/${token}/probe/shared/ticks`, '')
    await isTicking(heard)
    await h.alice.remove(`/api/links/${id}`)
    await isOver(heard, 'revoked')
  })

  test('waits for a client that does not read', async () => {
    const heard = await listen('/api/probe/flood', h.alice.cookie)
    heard.reply.pause()
    let before = -1
    await eventually(async () => {
      const isStill = before === ticking.told && before > 0
      before = ticking.told
      await new Promise((resolve) => setTimeout(resolve, 200))
      return isStill
    }, 'it stands still')
    expect(ticking.told).toBeLessThan(500)
    heard.reply.resume()
    await eventually(async () => heard.isEnded(), 'all is read')
    expect(heard.text().length).toBeGreaterThan(200_000_000)
  })

  test('that fails before its first value has a status, and after it a last word', async () => {
    const first = await listen('/api/probe/failing-stream/first', h.alice.cookie)
    expect(first.status).toBe(409)
    const later = await listen('/api/probe/failing-stream/later', h.alice.cookie)
    await eventually(async () => later.isEnded(), 'it has failed')
    expect(later.text()).toBe('data: 1\n\nevent: problem\ndata: {"status":409,"code":"not_any_more","errors":[]}\n\n')
    const lines = await fetch(`http://127.0.0.1:${port}/api/probe/failing-stream/later`, {
      headers: { cookie: h.alice.cookie },
    })
    await expect(lines.text()).rejects.toThrow('terminated')
  })

  test('is one of eight of a user, and ends with the server', async () => {
    const visitor = await member()
    const server = await serve()
    const heard = await Promise.all(
      Array.from({ length: 8 }, () => listen('/api/probe/ticks', visitor.cookie, '*/*', portOf(server))),
    )
    const ninth = await listen('/api/probe/ticks', visitor.cookie, '*/*', portOf(server))
    expect(ninth.status).toBe(429)
    heard[0]!.close()
    await eventually(async () => {
      const again = await listen('/api/probe/ticks', visitor.cookie, '*/*', portOf(server))
      again.close()
      return again.status === 200
    }, 'there is room again')
    await server.close()
    for (const each of heard) await eventually(async () => each.isEnded(), 'it has ended')
  })
})

interface Talk {
  readonly ws: WebSocket
  heard: unknown[]
  closed: { code: number; reason: string } | null
}

function talk(path: string, headers: Record<string, string>): Promise<Talk | number> {
  const origin = `http://127.0.0.1:${port}`
  const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { origin, ...headers } })
  const made: Talk = { ws, heard: [], closed: null }
  opened.push(() => ws.terminate())
  return new Promise((resolve, reject) => {
    ws.on('open', () => resolve(made))
    ws.on('message', (data) => made.heard.push(JSON.parse(String(data))))
    ws.on('close', (code, reason) => (made.closed = { code, reason: String(reason) }))
    ws.on('unexpected-response', (_request, reply) => resolve(reply.statusCode ?? 0))
    ws.on('error', (error) => (made.closed || ws.readyState === ws.OPEN ? undefined : reject(error)))
  })
}
async function echoing(cookie = h.alice.cookie): Promise<Talk> {
  const made = await talk('/api/probe/echo', { cookie })
  if (typeof made === 'number') throw new Error(`refused with ${made}`)
  await eventually(async () => made.heard.length === 1, 'it says hello')
  return made
}
const isClosed = (made: Talk, ms = 2_500) => eventually(async () => made.closed, 'it is closed', ms)

describe('a socket', () => {
  test('carries JSON to and fro, for its tenant', async () => {
    const made = await echoing(h.bob.cookie)
    const messages = [{ a: [1, null, 'é'] }, 'text', 0]
    messages.forEach((message) => made.ws.send(JSON.stringify(message)))
    await eventually(async () => made.heard.length === 4, 'the echoes')
    expect(made.heard).toEqual([{ hello: 'bob' }, ...messages.map((echo) => ({ echo }))])
    made.ws.send('"stop"')
    expect(await isClosed(made)).toEqual({ code: 1000, reason: '' })
  })

  test('is not opened from a page of another site, without a session, a sound query or an upgrade', async () => {
    const { cookie } = h.alice
    expect(await talk('/api/probe/echo', { cookie, origin: 'https://evil.example' })).toBe(403)
    expect(await talk('/api/probe/echo', { cookie, origin: 'null' })).toBe(403)
    expect(await talk('/api/probe/echo', {})).toBe(401)
    expect(await talk('/api/probe/echo?stray=1', { cookie })).toBe(400)
    expect((await h.alice.get('/api/probe/echo')).body.code).toBe('upgrade_required')
    const { key } = (await h.alice.post('/api/api-keys', { name: 'socket' })).body
    const byKey = await talk('/api/probe/echo', { authorization: `Bearer ${key}`, origin: 'https://evil.example' })
    expect(typeof byKey).toBe('object')
  })

  test('ends with a code that says why', async () => {
    const cases: [string | Buffer, number, string][] = [
      ['"refuse"', 4403, 'forbidden'],
      ['"break"', 1011, 'internal'],
      ['{', 1007, 'invalid_body'],
      ['{"__proto__":1}', 1007, 'invalid_body'],
      [Buffer.from('"x"'), 1003, 'json_only'],
    ]
    for (const [message, code, reason] of cases) {
      const made = await echoing()
      made.ws.send(message)
      expect(await isClosed(made), String(message)).toEqual({ code, reason })
    }
    const made = await echoing()
    made.ws.send(JSON.stringify('x'.repeat(256 * 1024)))
    expect((await isClosed(made))?.code).toBe(1009)
  })

  test('ends when the plugin is switched off, and when the right of its user ends', async () => {
    const visitor = await member()
    const [off, out, theirs] = [await echoing(), await echoing(visitor.cookie), await echoing(h.bob.cookie)]
    await visitor.call('DELETE', '/api/session')
    expect(await isClosed(out)).toEqual({ code: 4401, reason: 'unauthenticated' })
    await setProbe(false)
    try {
      expect(await isClosed(off, 1_500)).toEqual({ code: 4404, reason: 'not_found' })
      expect(theirs.closed).toBeNull()
    } finally {
      await setProbe(true)
    }
  })

  test('holds back a client that sends and does not read', async () => {
    const made = await echoing()
    made.ws.pause()
    const message = JSON.stringify('x'.repeat(200_000))
    for (let i = 0; i < 200; i++) made.ws.send(message)
    // What is echoed waits for the reader, and what is sent waits for the echo: nothing grows here.
    await eventually(async () => made.ws.bufferedAmount > 1_000_000, 'the server takes no more')
    made.ws.resume()
    await eventually(async () => made.heard.length === 201, 'all come back')
  })

  test('cuts a client that does not read what it is sent', async () => {
    const made = await echoing()
    ticking.late = ''
    made.ws.pause()
    made.ws.send('"flood"')
    await eventually(async () => ticking.late, 'the server has cut it off')
    expect(ticking.late).toBe('closed')
    expect(ticking.told).toBeLessThan(500)
  })

  test('is one of eight of a user', async () => {
    const visitor = await member()
    const all = await Promise.all(Array.from({ length: 8 }, () => echoing(visitor.cookie)))
    expect(await talk('/api/probe/echo', { cookie: visitor.cookie })).toBe(429)
    expect(all).toHaveLength(8)
  })
})

test('all of them are described', async () => {
  const { paths } = (await h.alice.get('/api/openapi.json')).body
  expect(Object.keys(paths['/api/probe/measure'].post.requestBody.content)).toEqual(['text/csv', 'image/*'])
  expect(Object.keys(paths['/api/probe/ticks'].get.responses['200'].content)).toContain('application/x-ndjson')
  expect(Object.keys(paths['/api/probe/echo'].get.responses)).toContain('101')
  expect(paths['/api/link/{token}/probe/shared'].get.parameters.map(({ name }: { name: string }) => name)).toEqual([
    'token',
    'Weft-Link-Password',
  ])
  expect(paths['/api/public/{tenant}/probe/form'].options).toBeDefined()
  const page = await h.alice.get('/api/docs')
  expect([page.status, page.text.includes('/api/probe/echo')]).toEqual([200, true])
})
