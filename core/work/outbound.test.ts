import { once } from 'node:events'
import { createServer as createPlainServer } from 'node:net'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isDeclared, isPublicAddress, openHttp } from './outbound.ts'

let server: Server
let port: number
let answer: (request: IncomingMessage, reply: ServerResponse) => void = (_, reply) => reply.end()
beforeAll(async () => {
  server = createServer((request, reply) => answer(request, reply)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const open = (more: Partial<Parameters<typeof openHttp>[0]> = {}) =>
  openHttp({
    hosts: [`http://localhost:${port}`, `http://127.0.0.1:${port}`, 'http://localhost:1'],
    key: null,
    signal: new AbortController().signal,
    isAllowed: () => true,
    ...more,
  })
const at = (path = '/') => `http://localhost:${port}${path}`

test.each([
  ['93.184.216.34', true],
  ['2606:2800:220:1::1', true],
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.16.0.1', false],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.64.0.1', false],
  ['0.0.0.0', false],
  ['255.255.255.255', false],
  ['224.0.0.1', false],
  ['::1', false],
  ['::', false],
  ['fe80::1', false],
  ['fc00::1', false],
  ['::ffff:127.0.0.1', false],
  ['::ffff:a00:1', false],
  ['64:ff9b::7f00:1', false],
  ['2002:7f00:1::', false],
  ['localhost', false],
])('%s may be dialled: %s', (address, isAllowed) => {
  expect(isPublicAddress(address)).toBe(isAllowed)
})

test.each([
  ['https://api.example.com/x', ['api.example.com'], true],
  ['https://api.example.com:8443/', ['api.example.com:8443'], true],
  ['https://api.example.com:8443/', ['api.example.com'], false],
  ['http://api.example.com/', ['api.example.com'], false],
  ['http://api.example.com/', ['http://api.example.com'], true],
  ['https://eu.api.example.com/', ['*.example.com'], true],
  ['https://example.com/', ['*.example.com'], false],
  ['https://badexample.com/', ['*.example.com'], false],
  ['https://api.example.com.evil.test/', ['api.example.com'], false],
  ['ftp://api.example.com/', ['api.example.com'], false],
])('%s is declared by %j: %s', (url, hosts, declared) => {
  expect(isDeclared(new URL(url), hosts)).toBe(declared)
})

describe('a call', () => {
  test('brings the answer', async () => {
    answer = (request, reply) => {
      reply.writeHead(201, { 'x-method': request.method ?? '', 'content-type': 'application/json' })
      request.pipe(reply)
    }
    const reply = await open().request(at(), { method: 'POST', body: '{"a":1}', headers: { 'X-Own': '1' } })
    expect([reply.status, reply.headers['x-method'], reply.json(), reply.text()]).toEqual([
      201,
      'POST',
      { a: 1 },
      '{"a":1}',
    ])
  })

  test('to a name that leads into our own network is not made', async () => {
    let asked = 0
    answer = (_, reply) => {
      asked++
      reply.end()
    }
    const http = open({ isAllowed: isPublicAddress })
    await expect(http.request(at())).rejects.toMatchObject({ status: 403, code: 'address' })
    await expect(http.request(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ status: 403, code: 'address' })
    expect(asked).toBe(0)
  })

  test.each(['https://elsewhere.example/', 'http://user:word@localhost/', 'http://[::1]/', 'file:///etc/passwd'])(
    'to %s is not declared',
    async (url) => {
      await expect(open().request(url)).rejects.toMatchObject({ status: 403, code: 'host_not_declared' })
    },
  )

  test('does not follow a redirect', async () => {
    answer = (_, reply) => reply.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    expect((await open().request(at())).status).toBe(302)
  })

  test('that takes too long, is cut off, ends or says too much is over with a code', async () => {
    answer = () => {}
    await expect(open().request(at(), { ms: 50 })).rejects.toMatchObject({ status: 504, code: 'late' })
    answer = (_, reply) => reply.destroy()
    await expect(open().request(at())).rejects.toMatchObject({ status: 502, code: 'unreachable' })
    await expect(open().request('http://localhost:1/')).rejects.toMatchObject({ status: 502, code: 'unreachable' })
    answer = (_, reply) => reply.end(Buffer.alloc(6 * 1024 * 1024))
    await expect(open().request(at())).rejects.toMatchObject({ status: 502, code: 'too_large' })
    answer = (_, reply) => reply.end('no json')
    const reply = await open().request(at())
    expect(() => reply.json()).toThrow('not_json')
  })

  test('ends with the ctx that made it', async () => {
    answer = () => {}
    const controller = new AbortController()
    const call = open({ signal: controller.signal }).request(at())
    controller.abort()
    await expect(call).rejects.toMatchObject({ status: 502, code: 'unreachable' })
  })

  test('that changes something bears the same key when it is told again', async () => {
    const keys: (string | undefined)[] = []
    answer = (request, reply) => {
      keys.push(request.headers['idempotency-key'] as string | undefined)
      reply.end()
    }
    for (let told = 0; told < 2; told++) {
      const http = open({ key: '42-note' })
      await http.request(at())
      for (const path of ['/a', '/b']) await http.request(at(path), { method: 'POST' })
    }
    expect(keys).toEqual([undefined, '42-note-1', '42-note-2', undefined, '42-note-1', '42-note-2'])
  })

  test('cannot set what the transport says', async () => {
    await expect(open().request(at(), { headers: { Host: 'evil.example' } })).rejects.toThrow(
      'Host is not for a plugin',
    )
    await expect(open().request('no url')).rejects.toThrow('is no URL')
  })
})

test('a connection of bytes goes to declared places only, both ways, and ends with its ctx', async () => {
  const echo = createPlainServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const place = `tcp://localhost:${(echo.address() as AddressInfo).port}`
  const ending = new AbortController()
  const http = open({ hosts: [place, 'tls://localhost:1', `http://localhost:${port}`], signal: ending.signal })
  const connection = await http.connect(place)
  await connection.write(Buffer.from('hello'))
  for await (const bytes of connection) {
    expect(Buffer.from(bytes).toString()).toBe('hello')
    break
  }
  const second = await http.connect(place)
  ending.abort()
  await expect(second.write(Buffer.from('late'))).rejects.toThrow('unreachable')
  const closed = open({ hosts: [place], isAllowed: () => false })
  await expect(closed.connect(place)).rejects.toThrow('address')
  await expect(http.connect('tcp://localhost:2')).rejects.toThrow('host_not_declared')
  await expect(http.connect(place.replace('tcp', 'tls'))).rejects.toThrow('host_not_declared')
  await expect(http.connect('tls://localhost:1')).rejects.toThrow('unreachable')
  await expect(http.connect(`http://localhost:${port}`)).rejects.toThrow('not for this call')
  await expect(http.request(place)).rejects.toThrow('not for this call')
  echo.close()
})
