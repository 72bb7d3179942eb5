/** Bodies and answers that are bytes and not JSON. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem, type RawBody, type RawReply, type Route } from '../contract.ts'

/** What a browser shows and never runs. */
const PASSIVE =
  /^(image\/(png|jpeg|gif|webp|avif)|(audio|video)\/(mpeg|mp4|ogg|webm|wav)|application\/pdf|text\/plain)$/
/** What may be told of a download; all else is bytes. */
const KNOWN =
  /^(text\/(csv|calendar|html|vcard|xml|markdown)|image\/svg[+]xml|application\/(json|xml|zip|gzip|x-ndjson|vnd[.](openxmlformats-officedocument|oasis[.]opendocument)[.a-z-]+))$/
const SANDBOX = "sandbox; default-src 'none'"

const mediaTypeOf = (type: string) => (type.split(';')[0] as string).trim().toLowerCase()

function isTaken(type: string, types: readonly string[]): boolean {
  return types.some(
    (each) => each === '*/*' || each === type || (each.endsWith('/*') && type.startsWith(each.slice(0, -1))),
  )
}

/** Hands bodies of any type over as they come in. What it registers has no other parser. */
export function acceptRaw(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
}

/** What is left of the connection is of no use when a body is refused in its middle. */
function refuse(reply: FastifyReply, status: number, code: string): never {
  reply.header('connection', 'close')
  throw new Problem(status, code)
}

/** @throws Problem 413 `too_large`, 415 `unsupported_media_type` before anything is read */
export function readRaw({ maxBytes = 0, types = [] }: Route, request: FastifyRequest, reply: FastifyReply): RawBody {
  const type = mediaTypeOf(request.headers['content-type'] ?? '')
  if (!isTaken(type, types)) refuse(reply, 415, 'unsupported_media_type')
  const given = request.headers['content-length']
  const length = given === undefined ? null : Number(given)
  if (length !== null && length > maxBytes) refuse(reply, 413, 'too_large')
  return { type, length, bytes: bounded(request, reply, maxBytes) }
}

async function* bounded(request: FastifyRequest, reply: FastifyReply, maxBytes: number): AsyncGenerator<Uint8Array> {
  let read = 0
  // An empty body is none to Fastify.
  const source = (request.body ?? []) as AsyncIterable<Buffer>
  try {
    for await (const piece of source) {
      read += piece.length
      if (read > maxBytes) refuse(reply, 413, 'too_large')
      yield piece
    }
  } catch (error) {
    if ((error as { code?: string }).code === 'ECONNRESET') throw new Problem(400, 'aborted')
    throw error
  }
}

/** RFC 6266: a name in Latin letters for old readers, and the whole one. */
function dispositionOf(kind: string, name: string | undefined): string {
  if (name === undefined) return kind
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\]/g, '_')
  const whole = encodeURIComponent(name.toWellFormed()).replaceAll(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `${kind}; filename="${plain}"; filename*=UTF-8''${whole}`
}

/** The headers of an answer in bytes. */
export function describeRaw({ type, name, inline = false }: RawReply): Record<string, string> {
  const media = mediaTypeOf(type)
  const isPassive = PASSIVE.test(media)
  const shown = isPassive || KNOWN.test(media) ? media : 'application/octet-stream'
  return {
    'content-type': shown.startsWith('text/') ? `${shown}; charset=utf-8` : shown,
    'content-disposition': dispositionOf(inline && isPassive ? 'inline' : 'attachment', name),
    'x-content-type-options': 'nosniff',
    // A browser draws a PDF by a script of its own, which a sandbox would stop.
    'content-security-policy': media === 'application/pdf' ? "default-src 'none'" : SANDBOX,
  }
}
