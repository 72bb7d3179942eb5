/** The ends of a socket that no client asks for. */
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { eventually } from '../../tests/support/harness.ts'
import { JsonSocket } from './json-socket.ts'

const PING_MS = 50
const open: { close(): void }[] = []
afterEach(() => open.splice(0).forEach((each) => each.close()))

interface Pair {
  readonly client: WebSocket
  readonly socket: JsonSocket
  isOver(): boolean
}

async function connect(autoPong: boolean): Promise<Pair> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  let isOver = false
  const accepted = new Promise<JsonSocket>((resolve) =>
    server.on('connection', (ws) => resolve(new JsonSocket(ws as never, () => (isOver = true), PING_MS))),
  )
  await new Promise((resolve) => server.on('listening', resolve))
  const { port } = server.address() as AddressInfo
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { autoPong })
  open.push({ close: () => client.terminate() }, server)
  await new Promise((resolve) => client.on('open', resolve))
  return { client, socket: await accepted, isOver: () => isOver }
}

test('a client that answers no ping is cut off', async () => {
  const { isOver, socket } = await connect(false)
  await eventually(async () => isOver(), 'it is cut off', 2_000)
  await expect(socket.send('late')).rejects.toMatchObject({ status: 409, code: 'closed' })
})

test('a client that answers stays, also while nobody here reads what it sends', async () => {
  const { client, isOver, socket } = await connect(true)
  for (let i = 0; i < 100; i++) client.send(String(i))
  const end = Date.now() + 5 * PING_MS
  await eventually(async () => Date.now() > end, 'it could have been asked five times')
  expect(isOver()).toBe(false)
  const heard: unknown[] = []
  for await (const message of socket.messages) if (heard.push(message) === 100) break
  expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => i))
  let pings = 0
  client.on('ping', () => pings++)
  await eventually(async () => pings >= 5, 'it is asked again')
  expect(isOver()).toBe(false)
})

test('an end that the client does not answer is an end all the same', async () => {
  const { client, isOver, socket } = await connect(true)
  client.pause()
  socket.close(4001, 'enough')
  await eventually(async () => isOver(), 'it is over', 3_000)
})
