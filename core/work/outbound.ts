/**
 * Calls to other systems. The address is looked up once, judged and dialled as judged, so that a name cannot lead into our
 * own network, nor be changed between the look and the call (DNS rebinding).
 */
import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { request as requestPlain, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestSecure } from 'node:https'
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import ipaddr from 'ipaddr.js'
import type { Connection, Http, HttpReply, HttpRequest, Json } from '../contract.ts'
import { Problem } from '../contract.ts'

const MAX_BYTES = 5 * 1024 * 1024
const DEFAULT_MS = 10_000
/** What the transport itself says. */
const OWN_HEADERS = ['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding', 'upgrade', 'te']

export interface Outbound {
  /** Names as `api.example.com`, `*.example.com`, or with a port or the scheme `http://`, as the manifest has them. */
  readonly hosts: readonly string[]
  /** The first part of the idempotency keys of unsafe calls; null where nothing is told again. */
  readonly key: string | null
  readonly signal: AbortSignal
  isAllowed(address: string): boolean
}

/** Only addresses that anybody may reach: no loopback, private, link-local, shared, mapped or reserved ones. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast'
}

/** Whether a URL is one of those that a manifest declares. `*.` stands for one name or more before it. */
export function isDeclared(url: URL, hosts: readonly string[]): boolean {
  return hosts.some((line) => {
    const [scheme = 'https', rest = line] = /^(\w+):\/\/(.*)$/.exec(line)?.slice(1) ?? []
    const [name = '', port = ''] = rest.split(':')
    const isNamed = name.startsWith('*.') ? url.hostname.endsWith(name.slice(1)) : url.hostname === name
    return isNamed && url.port === port && url.protocol === `${scheme}:`
  })
}

type LookupDone = (error: Error | null, address: string | LookupAddress[], family?: number) => void

function judgedLookup(isAllowed: Outbound['isAllowed']) {
  return (name: string, options: { all?: boolean }, done: LookupDone) =>
    lookUp(name, { all: true }, (error, addresses) => {
      if (error) return done(error, [])
      if (!addresses.every(({ address }) => isAllowed(address))) return done(new Problem(403, 'address'), [])
      const [first] = addresses
      return options.all ? done(null, addresses) : done(null, first?.address ?? '', first?.family)
    })
}

async function readAll(reply: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of reply as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > MAX_BYTES) {
      reply.destroy()
      throw new Problem(502, 'too_large')
    }
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function replyOf({ statusCode = 0, headers }: IncomingMessage, body: Buffer): HttpReply {
  const flat = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : `${value}`,
  ])
  return {
    status: statusCode,
    headers: Object.fromEntries(flat),
    body,
    text: () => body.toString(),
    json() {
      try {
        return JSON.parse(body.toString()) as Json
      } catch {
        throw new Problem(502, 'not_json')
      }
    },
  }
}

function send(url: URL, options: RequestOptions, body: string | Uint8Array | undefined): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? requestSecure : requestPlain
    const sent = start(url, options, (reply) => {
      readAll(reply).then((bytes) => resolve(replyOf(reply, bytes)), reject)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

function headersOf(given: HttpRequest['headers'], key: string | null): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'weft' }
  if (key !== null) headers['idempotency-key'] = key
  for (const [name, value] of Object.entries(given ?? {})) {
    const lower = name.toLowerCase()
    if (OWN_HEADERS.includes(lower)) throw new Error(`The header ${name} is not for a plugin to set.`)
    headers[lower] = value
  }
  return headers
}

const refuse = () =>
  Promise.reject(new Error('ctx.http is for an exchange, outside of ctx.work: a transaction waits for nobody.'))

/** For where no call may be made: a transaction waits for nobody. */
export const noHttp: Http = { request: refuse, connect: refuse }

const CONNECT_MS = 10_000

function connectionOf(socket: Socket): Connection {
  return {
    [Symbol.asyncIterator]: () => socket[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>,
    write: (bytes) =>
      new Promise((resolve, reject) =>
        socket.write(bytes, (error) => (error ? reject(new Problem(502, 'unreachable')) : resolve())),
      ),
    close: () => socket.end(),
  }
}

function dial(url: URL, { isAllowed, signal }: Outbound): Promise<Socket> {
  const options = { host: url.hostname, port: Number(url.port), lookup: judgedLookup(isAllowed) as never }
  const socket =
    url.protocol === 'tls:' ? connectSecure({ ...options, servername: url.hostname }) : connectPlain(options)
  const end = () => socket.destroy()
  signal.addEventListener('abort', end, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', end))
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Problem(504, 'late')), CONNECT_MS)
    const settle = (run: () => void) => () => {
      clearTimeout(timer)
      run()
    }
    socket.once(
      url.protocol === 'tls:' ? 'secureConnect' : 'connect',
      settle(() => resolve(socket)),
    )
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(error instanceof Problem ? error : new Problem(502, 'unreachable'))
    })
  })
}

/** @throws Problem 403 for what the plugin may not call, Error for what is wrong by itself */
function readTarget(text: string, { hosts, isAllowed }: Outbound): URL {
  if (!URL.canParse(text)) throw new Error(`'${text}' is no URL.`)
  const url = new URL(text)
  if (url.username || url.password || !isDeclared(url, hosts)) throw new Problem(403, 'host_not_declared')
  // A literal address is dialled without a lookup.
  const literal = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(literal) !== 0 && !isAllowed(literal)) throw new Problem(403, 'address')
  return url
}

export function openHttp(outbound: Outbound): Http {
  const { key, signal, isAllowed } = outbound
  let calls = 0
  const assertScheme = ({ protocol }: URL, ...known: string[]) => {
    if (!known.includes(protocol)) throw new Error(`'${protocol}//' is not for this call.`)
  }
  const nextKey = (method: string) => (key === null || method === 'GET' ? null : `${key}-${++calls}`)
  return {
    async request(text, { method = 'GET', headers, body, ms = DEFAULT_MS } = {}) {
      const url = readTarget(text, outbound)
      assertScheme(url, 'http:', 'https:')
      if (body !== undefined && Buffer.byteLength(body) > MAX_BYTES) throw new Error('The body is larger than 5 MB.')
      const late = AbortSignal.timeout(ms)
      const options = {
        method,
        headers: headersOf(headers, nextKey(method)),
        lookup: judgedLookup(isAllowed) as never,
        // A connection that is kept for later would be used again without a look.
        agent: false as const,
        signal: AbortSignal.any([signal, late]),
      }
      return send(url, options, body).catch((error: unknown) => {
        if (late.aborted) throw new Problem(504, 'late')
        throw error instanceof Problem ? error : new Problem(502, 'unreachable')
      })
    },
    async connect(text) {
      const url = readTarget(text, outbound)
      assertScheme(url, 'tcp:', 'tls:')
      return connectionOf(await dial(url, outbound))
    },
  }
}
