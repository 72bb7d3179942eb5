/** What passes between the kernel and a plugin: JSON, bytes, messages, links, calls, refusals, verdicts. A part of `contract.ts`. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** A JSON Schema, draft 2020-12 in the tame dialect of `schemas/dialect.json`, with the kernel's annotations. */
export type Schema = { readonly [keyword: string]: unknown }

/** A body as it comes in: nothing of it is kept, and it is read once. */
export interface RawBody {
  /** The media type alone, in lower case. */
  readonly type: string
  /** In bytes, where the client has said it. */
  readonly length: number | null
  /** @throws Problem 413 `too_large` beyond the route's `maxBytes`, 400 `aborted` when the client goes */
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Bytes that leave as they are. What a browser could run is downloaded, and runs nowhere. */
export interface RawReply {
  /** Of a closed list of media types; any other leaves as `application/octet-stream`. */
  readonly type: string
  readonly bytes: Uint8Array | AsyncIterable<Uint8Array>
  /** What a download is called. */
  readonly name?: string
  /** Shown and not downloaded, where it is a picture, a sound, a film, a PDF or plain text. */
  readonly inline?: boolean
}

/** A WebSocket that carries JSON messages of at most 256 KB. */
export interface Socket {
  /** Ends when either side closes. While nobody reads, the other side waits. */
  readonly messages: AsyncIterable<Json>
  /** Resolves when the message has left. @throws Problem 409 `closed` */
  send(message: Json): Promise<void>
  /** `code` is 1000, or of one's own from 4000 to 4999. */
  close(code?: number, reason?: string): void
}

/** What the holder of a link has been given. */
export interface Link {
  readonly id: string
  readonly name: string
  /** The record that it is about; after a merge, the survivor. */
  readonly subject: string | null
  readonly data: JsonObject
}

export interface LinkOptions {
  /** A record. The link is dead while it is deleted, and follows it through merges. */
  readonly subject?: string
  /** At most 4 KB. */
  readonly data?: JsonObject
  /** Null for a link that does not end by itself. */
  readonly expiresAt: Date | null
  /** How many calls it is good for; any number unless said. Counted exactly, with the effect of each call or not at all. */
  readonly uses?: number
  /** 8 to 200 characters, asked for at each call in the header `Weft-Link-Password`. */
  readonly password?: string
}

/** Times are ISO 8601. */
export interface LinkEntry extends Link {
  readonly expiresAt: string | null
  readonly usesLeft: number | null
  readonly usedCount: number
  readonly usedAt: string | null
  readonly createdBy: string | null
  readonly createdAt: string
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  /** At most 5 MB. */
  readonly body?: string | Uint8Array
  /** How long all of it may take, 10,000 ms unless said. */
  readonly ms?: number
}
export interface HttpReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  text(): string
  /** @throws Problem 502 `not_json` */
  json(): Json
}

/** Bytes both ways; its end is the end of the iteration, a fault is thrown there. */
export interface Connection extends AsyncIterable<Uint8Array> {
  /** Resolves when the other side has room for more. */
  write(bytes: Uint8Array): Promise<void>
  close(): void
}

/** Calls to other systems, to the `hosts` of the manifest alone. */
export interface Http {
  /**
   * Redirects are not followed. A handler's unsafe calls bear an `Idempotency-Key` that is the same when it is told again.
   * @throws Problem 403 `host_not_declared`, `address` for what is not a public address; 502 `unreachable`, `too_large`; 504 `late`
   */
  request(url: string, request?: HttpRequest): Promise<HttpReply>
  /**
   * A connection of bytes, as `tls://broker.example.com:8883` or `tcp://...`; it ends with the ctx.
   * @throws Problem as `request`
   */
  connect(url: string): Promise<Connection>
}

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

export interface ProblemEntry {
  /** A JSON Pointer into the body, or the name of a query parameter. */
  readonly path: string
  readonly code: string
  readonly params?: JsonObject
}

/** The one error type; sent as `application/problem+json` (RFC 9457) and translated by its code in the locales. */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly errors: readonly ProblemEntry[]
  constructor(status: number, code: string, errors: readonly ProblemEntry[] = []) {
    super(errors.length ? `${code}: ${errors.map((e) => `${e.path} ${e.code}`).join(', ')}` : code)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.errors = errors
  }
}

/** What a `veto` is answered: as it is, changed, not at all, or not before a person has approved it. */
export type Verdict<In> =
  | { readonly is: 'ok' }
  | { readonly is: 'change'; readonly to: In }
  | { readonly is: 'refuse' | 'hold'; readonly code: string; readonly errors: readonly ProblemEntry[] }

export const allow = (): Verdict<never> => ({ is: 'ok' })
export const change = <In>(to: In): Verdict<In> => ({ is: 'change', to })
/** `code` is translated by the locales of the asking plugin. */
export const refuse = (code: string, errors: readonly ProblemEntry[] = []): Verdict<never> => ({
  is: 'refuse',
  code,
  errors,
})

/**
 * Nothing is written, and a person decides: the request is answered 202 and done again once it is approved, with this
 * hold counting as `allow`. Where nobody waits for an answer, as in a handler, it is a refusal. `code` is translated by
 * the locales of the holding plugin as `hold.<code>`, with `params`.
 */
export const hold = (code: string, params?: JsonObject): Verdict<never> => ({
  is: 'hold',
  code,
  errors: params ? [{ path: '', code, params }] : [],
})
