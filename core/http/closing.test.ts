/** A server that is asked to end: what reaches it until nothing can is answered as ever. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually, type Harness, openHarness } from '../../tests/support/harness.ts'
import { buildServer } from './server.ts'

let h: Harness
beforeAll(async () => {
  h = await openHarness()
})
afterAll(() => h?.close())

/** What one connection is answered. */
function open(port: number) {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (bytes) => (text += bytes))
  return {
    over: once(socket, 'close'),
    ask: (path: string) =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${h.alice.cookie}\r\n\r\n`),
    text: () => text,
    statuses: () => [...text.matchAll(/HTTP\/1[.]1 (\d+)/g)].map(([, status]) => Number(status)),
  }
}

const listenAt = async (app: FastifyInstance): Promise<number> => {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

test('whoever asks while it closes is answered, and is told to come back by another connection', async () => {
  const app = await buildServer(h.kernel.services)
  const [gate, closing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  app.addHook('preClose', async () => {
    closing.resolve()
    await gate.promise
  })
  const { ask, over, text, statuses } = open(await listenAt(app))
  ask('/api/clients')
  await eventually(async () => text().includes('"items"'), 'it answers')
  expect(text()).not.toMatch(/connection: close/i)
  const closed = app.close()
  await closing.promise
  ask('/api/clients')
  await over
  gate.resolve()
  await closed
  expect(statuses()).toEqual([200, 200])
  expect(text()).toMatch(/connection: close/i)
})

test('an answer that was under way leaves no connection behind that it would wait for', async () => {
  const app = await buildServer(h.kernel.services)
  const [gate, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  app.get('/slow', { config: { access: 'public' } }, async (_request, reply) => {
    reply.hijack().raw.writeHead(200, { 'content-length': '2' })
    reply.raw.write('a')
    begun.resolve()
    await gate.promise
    reply.raw.end('b')
  })
  const { ask, text, statuses } = open(await listenAt(app))
  ask('/slow')
  await begun.promise
  const closed = app.close()
  await eventually(async () => !app.server.listening, 'it takes no more connections')
  gate.resolve()
  await closed
  expect(statuses()).toEqual([200])
  expect(text()).toMatch(/ab$/)
})

test('a connection over which nobody has asked anything holds nothing up', async () => {
  const app = await buildServer(h.kernel.services)
  const { over } = open(await listenAt(app))
  await eventually(
    () => new Promise<boolean>((done) => app.server.getConnections((_error, count) => done(count === 1))),
    'it is there',
  )
  await app.close()
  await over
})
