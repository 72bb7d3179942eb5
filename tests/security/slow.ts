/** Sockets that send their headers as slowly as they can, while others ask how the server does. */
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Stage } from '../../core/commands/conformance/stage.ts'

const DRIP_MS = 1_000

export interface Slowness {
  /** How many were open at a time. */
  readonly sockets: number
  readonly asked: number
  /** In milliseconds. */
  readonly slowest: number
  readonly failed: number
}

async function openSlow(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write('GET /api/clients HTTP/1.1\r\nHost: localhost\r\n')
  return socket
}

async function askHealth(port: number): Promise<{ ms: number; isWell: boolean }> {
  const began = performance.now()
  const reply = await fetch(`http://127.0.0.1:${port}/health/live`)
  await reply.text()
  return { ms: performance.now() - began, isWell: reply.ok }
}

/** Opens that many to a server that listens already, and asks for its health that often. */
export async function trySlow(stage: Stage, count: number, asked: number): Promise<Slowness> {
  const { port } = stage.app.server.address() as AddressInfo
  const sockets: Socket[] = []
  for (let n = 0; n < count; n += 100)
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(100, count - n) }, () => openSlow(port)))))
  // One byte of a header at a time.
  const drip = setInterval(() => sockets.forEach((socket) => socket.writable && socket.write('x')), DRIP_MS)
  const still = sockets.filter(({ readyState }) => readyState === 'open').length
  const answers: Awaited<ReturnType<typeof askHealth>>[] = []
  try {
    for (let n = 0; n < asked; n++) answers.push(await askHealth(port))
  } finally {
    clearInterval(drip)
    for (const socket of sockets) socket.destroy()
  }
  return {
    sockets: still,
    asked,
    slowest: Math.max(...answers.map(({ ms }) => ms)),
    failed: answers.filter(({ isWell }) => !isWell).length,
  }
}
