/** An identity provider that says whatever a test has it say: what a careless or a hostile one would. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { closeServer, listenOnLoopback } from './identity-provider.ts'

export interface Forgery {
  readonly header: Record<string, unknown>
  readonly claims: Record<string, unknown>
  /** Signs what is before the last dot; by its published key unless said. */
  readonly sign?: (text: string) => string
}

export interface ForgingProvider {
  readonly issuer: string
  readonly publicKey: KeyObject
  /** What it says of itself beside what is usual. */
  metadata: Record<string, unknown>
  /** The token that it gives next. */
  forgery: Forgery
  /** What it says at its userinfo endpoint. */
  userinfo: Record<string, unknown>
  /** What was asked of it, as `GET /path`. */
  readonly asked: string[]
  close(): Promise<void>
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')

export const signHmac = (key: string | Buffer) => (text: string) =>
  createHmac('sha256', key).update(text).digest('base64url')
export const signRsa = (key: KeyObject) => (text: string) =>
  sign('sha256', Buffer.from(text), key).toString('base64url')

export async function openForgingProvider(): Promise<ForgingProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const server = createServer((request, reply) => {
    const answer = answerTo(request)
    reply.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}))
  })
  const issuer = await listenOnLoopback(server)
  const provider: ForgingProvider = {
    issuer,
    publicKey,
    metadata: {},
    forgery: { header: {}, claims: {} },
    userinfo: {},
    asked: [],
    close: () => closeServer(server),
  }
  const describe = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    userinfo_endpoint: `${issuer}/userinfo`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
    ...provider.metadata,
  })
  const mint = ({ header, claims, sign: seal = signRsa(privateKey) }: Forgery) => {
    const text = `${encode({ alg: 'RS256', kid: 'one', typ: 'JWT', ...header })}.${encode(claims)}`
    return `${text}.${seal(text)}`
  }
  const answerTo = ({ method, url = '' }: IncomingMessage): object | null => {
    provider.asked.push(`${method} ${url}`)
    if (url === '/.well-known/openid-configuration') return describe()
    if (url === '/keys')
      return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }] }
    if (url === '/token') return { access_token: 'token', token_type: 'Bearer', id_token: mint(provider.forgery) }
    return url === '/userinfo' ? provider.userinfo : null
  }
  return provider
}
