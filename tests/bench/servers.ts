/** The two servers while they run, and the proof that both give the same answers. */
import { isDeepStrictEqual } from 'node:util'
import { type Child, startChild } from './child.ts'
import type { BenchDatabase } from './database.ts'
import { ADMIN } from './settings.ts'

export interface Server {
  readonly name: 'ours' | 'bare' | 'json'
  readonly port: number
  readonly prefix: string
  readonly headers: Readonly<Record<string, string>>
  readonly child: Child
  /** What a GET of the path says. */
  read(path: string): Promise<unknown>
}

function serverOf(
  name: Server['name'],
  child: Child,
  at: { port: number; prefix: string; headers: Record<string, string> },
): Server {
  return {
    name,
    child,
    ...at,
    async read(path) {
      const reply = await fetch(`http://127.0.0.1:${at.port}${at.prefix}${path}`, { headers: at.headers })
      if (!reply.ok) throw new Error(`${name} answers ${path} with ${reply.status}: ${await reply.text()}`)
      return reply.json()
    },
  }
}

export async function signIn(port: number, email = ADMIN.email): Promise<Record<string, string>> {
  const origin = `http://127.0.0.1:${port}`
  const reply = await fetch(`${origin}/api/session`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ ...ADMIN, email }),
  })
  const cookie = reply.headers.get('set-cookie')?.split(';')[0]
  if (!cookie) throw new Error(`Cannot sign in: ${reply.status} ${await reply.text()}`)
  return { origin, cookie }
}

export async function startServers(database: BenchDatabase, profile: string | null): Promise<Server[]> {
  const [user] = await database.query<{ id: string }>(
    'select user_id as id from kernel.memberships where tenant_id = $1',
    [database.tenant],
  )
  const { ownerUrl, tenant } = database
  const ours = startChild('ours.ts', profile)
  const bare = startChild('bare.ts')
  const port = await ours.ask<number>('open', { ownerUrl })
  const barePort = await bare.ask<number>('open', { ownerUrl, tenant, user: user?.id })
  return [
    serverOf('ours', ours, { port, prefix: '/api', headers: await signIn(port) }),
    serverOf('bare', bare, { port: barePort, prefix: '/api', headers: {} }),
    serverOf('json', bare, { port: barePort, prefix: '/json', headers: {} }),
  ]
}

export async function stopServers(servers: readonly Server[]): Promise<void> {
  for (const child of new Set(servers.map((server) => server.child))) {
    await child.ask('close')
    await child.end()
  }
}

type Answer = { items?: unknown; total?: unknown }

/** Cursors differ by nature, and totals where none was asked for; rows do not. */
const essence = (path: string, answer: unknown) => {
  const { items, total } = answer as Answer
  return items ? { items, total: path.includes('count=exact') ? total : null } : answer
}

/** A rival that answers something else would be measured for nothing. @throws Error at the first difference */
export async function assertSame(servers: readonly Server[], paths: (server: Server) => string[]): Promise<void> {
  const [first, ...rest] = (await Promise.all(
    servers.map(async (server) => {
      const answers = []
      for (const path of paths(server)) answers.push(essence(path, await server.read(path)))
      return answers
    }),
  )) as [unknown[], ...unknown[][]]
  for (const [i, answers] of rest.entries()) {
    const at = answers.findIndex((answer, n) => !isDeepStrictEqual(answer, first[n]))
    if (at < 0) continue
    const shown = [first[at], answers[at]].map((each) => JSON.stringify(each).slice(0, 1_500))
    throw new Error(
      `${servers[i + 1]?.name} answers differently: ${paths(servers[0] as Server)[at]}\n${shown.join('\n')}`,
    )
  }
}
