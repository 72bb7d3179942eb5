/** Requests of other people over the wire, at a steady pace. */
import type { Visitor } from '../../support/harness.ts'

export interface LoadResult {
  readonly requests: number
  readonly perSecond: number
  /** Every request that was not answered as it should be. */
  readonly failures: readonly string[]
}

const PER_SECOND = 80
const TICK_MS = 10
/** Like browsers, these people wait for answers: a slow server is asked less, not drowned. */
const IN_FLIGHT = 16

type Ask = { method: string; path: string; body?: unknown }

/** Mostly lists, and every fourth request writes. */
function askOf(i: number, recordId: string): Ask {
  if (i % 8 === 0)
    return { method: 'POST', path: '/api/interactions', body: { recordId, type: 'note', title: `Note ${i}` } }
  if (i % 8 === 4) return { method: 'POST', path: '/api/clients', body: { type: 'person', lastName: `Load ${i}` } }
  const lists = ['/api/clients?limit=20', '/api/interactions?limit=20', '/api/clients?q=load&limit=20', '/api/ui']
  return { method: 'GET', path: lists[i % lists.length] as string }
}

/** Begins at once; `stop` waits for the last answers. */
export async function startLoad(address: string, { cookie, post }: Visitor): Promise<{ stop(): Promise<LoadResult> }> {
  const { body: client } = await post('/api/clients', { type: 'person', lastName: 'Load' })
  const failures: string[] = []
  const pending = new Set<Promise<void>>()
  const began = Date.now()
  let requests = 0

  async function send({ method, path, body }: Ask): Promise<void> {
    const headers = { cookie, origin: address, ...(body ? { 'content-type': 'application/json' } : {}) }
    try {
      const reply = await fetch(address + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
      await reply.arrayBuffer()
      if (!reply.ok) failures.push(`${method} ${path}: ${reply.status}`)
    } catch (error) {
      failures.push(`${method} ${path}: ${(error as Error).message}`)
    }
  }
  // By the clock: a tick that comes late makes up for what it missed.
  const timer = setInterval(() => {
    const due = ((Date.now() - began) / 1000) * PER_SECOND
    while (requests < due && pending.size < IN_FLIGHT) {
      const sent = send(askOf(requests++, client.id)).finally(() => pending.delete(sent))
      pending.add(sent)
    }
  }, TICK_MS)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(pending)
      return { requests, perSecond: requests / ((Date.now() - began) / 1000), failures }
    },
  }
}
