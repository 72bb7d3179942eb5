/** The end of a server: whoever is answered is answered to the end, and nobody waits for connections that have nothing more to say. */
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

const LOOK_MS = 100

/**
 * Connections that are idle when it closes are closed at once. One whose answer is under way becomes idle later, and its
 * client may keep it for longer than a process is given to end. One that was opened and has not asked yet, as browsers
 * do beforehand, is no idle one to Node.
 */
export function closeConnections(app: FastifyInstance): void {
  const { server } = app
  const sockets = new Set<Socket>()
  let isClosing = false
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const closeQuiet = () => {
    if (server.listening) return
    server.closeIdleConnections()
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  }
  app.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
  })
  app.addHook('preClose', async () => {
    isClosing = true
    const timer = setInterval(closeQuiet, LOOK_MS).unref()
    server.once('close', () => clearInterval(timer))
  })
}
