/** A server that speaks as much of PostgreSQL's protocol as one login and one question for its version need. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

const message = (kind: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(kind), length, body])
}

const READY = message('Z', Buffer.from('I'))
const LOGGED_IN = Buffer.concat([message('R', Buffer.alloc(4)), READY])

/** One row of one column `number` of type int4. */
function answerVersion(number: number): Buffer {
  const column = Buffer.alloc(18)
  const int4 = 23
  column.writeInt32BE(int4, 6)
  column.writeInt16BE(4, 10)
  const text = Buffer.from(String(number))
  const rows = [
    message('T', Buffer.concat([Buffer.from([0, 1]), Buffer.from('number\0'), column])),
    message('D', Buffer.concat([Buffer.from([0, 1, 0, 0, 0, text.length]), text])),
    message('C', Buffer.from('SELECT 1\0')),
  ]
  return Buffer.concat([...rows, READY])
}

export async function startOldPostgres(versionNumber: number): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      // The first message of a client has no kind: it begins with its length.
      if (bytes[0] === 0) socket.write(LOGGED_IN)
      else if (bytes[0] === 'Q'.charCodeAt(0)) socket.write(answerVersion(versionNumber))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as { port: number }).port, server }
}
