/** A stream of one tenant while the other one writes: it tells of the own rows alone. */
import type { Kit } from '../../core/commands/conformance/kit.ts'
import type { AddressInfo } from 'node:net'

export interface Heard {
  readonly written: number
  /** Ids of the other tenant that were told. */
  readonly foreign: readonly string[]
}

/** Reads until the text has come. @throws Error where the stream ends before */
async function readUntil(stream: ReadableStream<Uint8Array>, text: string): Promise<string> {
  const decoder = new TextDecoder()
  let heard = ''
  for await (const piece of stream) {
    heard += decoder.decode(piece, { stream: true })
    if (heard.includes(text)) return heard
  }
  throw new Error('The stream has ended before it told of the own row.')
}

/** Has the other tenant write that many rows, and then the own one a last one. The server listens already. */
export async function listen({ stage, rows }: Kit, count: number): Promise<Heard> {
  const { port } = stage.app.server.address() as AddressInfo
  const headers = { accept: 'text/event-stream', cookie: stage.own.cookie }
  const ending = new AbortController()
  const url = `http://127.0.0.1:${port}/api/stream?after=now`
  const reply = await fetch(url, { headers, signal: ending.signal })
  if (!reply.ok || !reply.body) throw new Error(`The stream answers ${reply.status}.`)
  const theirs: string[] = []
  for (let n = 0; n < count; n++) theirs.push((await rows.make(stage.other, rows.anyRecord)).id)
  const own = await rows.make(stage.own, rows.anyRecord)
  const heard = await readUntil(reply.body, own.id)
  ending.abort()
  return { written: count, foreign: theirs.filter((id) => heard.includes(id)) }
}
