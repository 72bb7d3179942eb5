import { once } from 'node:events'
import { connect } from 'node:net'
import Fastify from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { boundBody } from './patience.ts'

const app = Fastify()
let port: number
beforeAll(async () => {
  app.addHook('onRequest', async (request) => boundBody(request, 100))
  app.post('/body', async () => 'whole')
  app.post('/upload', { config: { isUpload: true } }, async () => 'whole')
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as { port: number }).port
})
afterAll(() => app.close())

/** Sends a body in two parts, the second when the first has been left alone for longer than a body may take. */
async function sendSlowly(path: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (data) => (answer += data)).on('error', () => {})
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nab`,
  )
  const rest = setTimeout(() => socket.write('cd'), 500)
  await once(socket, 'close')
  clearTimeout(rest)
  return answer
}

test('a body that does not come is not waited for', async () => {
  expect(await sendSlowly('/body')).not.toContain('whole')
})

test('an upload may take its time', async () => {
  expect(await sendSlowly('/upload')).toMatch(/^HTTP\/1.1 200 [\s\S]*whole$/)
})
