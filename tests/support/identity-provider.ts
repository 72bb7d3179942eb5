/** A real OpenID Connect server on loopback, with pages to sign in at. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

/** What it says of somebody who signs in there by this name. */
export interface Person {
  readonly email?: string
  readonly email_verified?: boolean
  readonly name?: string
}

export interface RegisteredClient {
  readonly id: string
  readonly secret: string
  readonly redirectUri: string
}

export interface IdentityProvider {
  readonly issuer: string
  /** Knows these clients from now on: their addresses name the id that the other side has made. */
  register(...clients: RegisteredClient[]): void
  close(): Promise<void>
}

export async function listenOnLoopback(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

/** Anybody may sign in there, by any password. */
export async function openIdentityProvider(people: Readonly<Record<string, Person>>): Promise<IdentityProvider> {
  let handle: RequestListener = (_request, reply) => reply.writeHead(503).end()
  const server = createServer((request, reply) => handle(request, reply))
  const issuer = await listenOnLoopback(server)
  const known: RegisteredClient[] = []
  const configure = () => ({
    clients: known.map(({ id, secret, redirectUri }) => ({
      client_id: id,
      client_secret: secret,
      redirect_uris: [redirectUri],
    })),
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => Promise.resolve({ sub: id, ...people[id] }),
    }),
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['a key of the tests'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
  })
  return {
    issuer,
    register(...clients) {
      known.push(...clients)
      handle = new Provider(issuer, configure()).callback()
    },
    close: () => closeServer(server),
  }
}
