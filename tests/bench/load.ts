/**
 * The load: a fixed number of connections that each send the next request when the last is answered. Requests are
 * plain bytes and answers are only looked through for status, length and version, so that little of the machine is
 * taken from the servers.
 */
import { connect, type Socket } from 'node:net'
import { answerParent } from './child.ts'
import type { Job } from './operations.ts'

export interface LoadOrder {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** Tells the versions of one server's rows from another's. */
  readonly target: string
  readonly job: Job
}

export interface LoadResult {
  readonly answered: number
  readonly seconds: number
}

interface Answer {
  readonly status: number
  readonly head: string
  readonly bytes: number
}

type Source = () => { bytes: string; done?: (answer: Answer) => void }

/** Where each job goes on in the next round, so that no run asks for what the last one has just asked for. */
const places = new Map<string, number>()
const versions = new Map<string, Map<string, string>>()
let created = 0

function sourceOf({ target, job }: LoadOrder): Source {
  const key = `${target} ${job.name}`
  const step = () => {
    const at = places.get(key) ?? 0
    places.set(key, at + 1)
    return at
  }
  const withBody = (head: string, body: string) => `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  if (job.kind === 'fixed') return () => ({ bytes: job.requests[step() % job.requests.length] as string })
  if (job.kind === 'create') {
    return () => ({
      bytes: withBody(job.head, (job.bodies[step() % job.bodies.length] as string).replace('{n}', String(created++))),
    })
  }
  const known = versions.get(target) ?? new Map<string, string>()
  versions.set(target, known)
  return () => {
    const at = step()
    const id = job.ids[at % job.ids.length] as string
    const body = JSON.stringify({ notes: `Called back about the menu, ${at}.` })
    const head = job.head.replace('{id}', id).replace('{version}', known.get(id) ?? '1')
    return {
      bytes: withBody(head, body),
      done: ({ head: got }) => known.set(id, /\netag: "(\d+)"/i.exec(got)?.[1] ?? ''),
    }
  }
}

const END = Buffer.from('\r\n\r\n')

/** The first whole answer in `bytes`, or null. */
function readAnswer(bytes: Buffer): Answer | null {
  const end = bytes.indexOf(END)
  if (end < 0) return null
  const head = bytes.toString('latin1', 0, end)
  const length = Number(/\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  const total = end + END.length + length
  return bytes.length < total ? null : { status: Number(head.slice(9, 12)), head, bytes: total }
}

/** Asks again and again on one connection until `next` gives nothing more. */
function drive(socket: Socket, next: () => ReturnType<Source> | null, onAnswer: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let current: ReturnType<Source> | null = null
    let parts: Buffer[] = []
    const ask = () => {
      current = next()
      if (current) socket.write(current.bytes)
      else resolve()
    }
    socket.on('data', (part) => {
      parts.push(part)
      const bytes = parts.length === 1 ? part : Buffer.concat(parts)
      const answer = readAnswer(bytes)
      parts = [bytes]
      if (!answer) return
      parts = []
      if (answer.status >= 300) return reject(new Error(`${current?.bytes}\n${bytes.toString()}`))
      current?.done?.(answer)
      onAnswer()
      ask()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The server closed the connection.')))
    ask()
  })
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const source = sourceOf(order)
  const sockets = Array.from({ length: order.connections }, () => connect(order.port, '127.0.0.1').setNoDelay())
  const begin = performance.now()
  const end = begin + order.seconds * 1_000
  let answered = 0
  const next = () => (performance.now() < end ? source() : null)
  try {
    await Promise.all(sockets.map((socket) => drive(socket, next, () => answered++)))
    return { answered, seconds: (performance.now() - begin) / 1_000 }
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

answerParent({ run })
