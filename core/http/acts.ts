/**
 * Acts: requests that write and that a plugin may hold. Each is a function of what was asked, so that it can be done
 * again when a person has approved it.
 */
import { type Json, type JsonObject, Problem } from '../contract.ts'
import type { AnswerRecord } from '../resource/write.ts'
import type { RowReply } from '../work/verbs.ts'
import type { Caller } from './caller.ts'

/** What a request asks for. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body: Json
  /** Of the row that was seen, where the act is one on a version. */
  readonly version: number | null
}

export interface Done {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON text; null for none. */
  readonly body: string | null
  /** The row that was made. */
  readonly rowId?: string
}

/** `answer` is kept with what is done, where the act can be asked for twice by one key. */
export type Act = (caller: Caller, asked: Asked, answer: AnswerRecord | null) => Promise<Done>

/** The acts of a server by method and route, each with the right to it and its plugin. */
export type Acts = ReadonlyMap<string, KnownAct>
export interface KnownAct {
  readonly act: Act
  readonly access: string
  readonly plugin: string | undefined
}

const etag = (version: number) => `"${version}"`

export const rowDone = (status: number, { id, version, body }: RowReply, location?: string): Done => ({
  status,
  headers: { etag: etag(version), ...(location === undefined ? {} : { location }) },
  body,
  rowId: id,
})

/** @throws Problem 400 */
export function bodyObjectOf({ body }: Asked): JsonObject {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body
  throw new Problem(400, 'invalid', [{ path: '', code: 'type' }])
}

/** @throws Problem 428 where the client did not say which version it has seen */
export function versionOf({ version }: Asked): number {
  if (version === null) throw new Problem(428, 'precondition_required', [{ path: 'If-Match', code: 'required' }])
  return version
}
