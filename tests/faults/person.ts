/** Somebody who is signed in and speaks to any of several processes, over the wire. */
import { PASSWORD } from '../support/settings.ts'

export interface Answer {
  readonly status: number
  readonly etag: string | null
  // Bodies of any route: who asks says what is expected.
  readonly body: any
}

export interface Asking {
  readonly body?: unknown
  /** In place of a body: bytes that come as they come. */
  readonly content?: () => AsyncIterable<Uint8Array>
  readonly headers?: Readonly<Record<string, string>>
}

const PATIENCE_MS = 15_000

export class Person {
  readonly #cookie: string

  private constructor(cookie: string) {
    this.#cookie = cookie
  }

  /** @throws Error where the process is away or does not let them in */
  static async signIn(origin: string, email: string): Promise<Person> {
    const reply = await fetch(`${origin}/api/session`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: PASSWORD }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await reply.text()
    if (reply.status !== 200) throw new Error(`${email} cannot sign in: ${reply.status} ${text}`)
    return new Person(reply.headers.getSetCookie()[0]?.split(';')[0] ?? '')
  }

  /** @throws Error where no answer came */
  async ask(
    origin: string,
    method: string,
    path: string,
    { body, content, headers = {} }: Asking = {},
  ): Promise<Answer> {
    const type = content ? 'text/plain' : body === undefined ? null : 'application/json'
    const reply = await fetch(`${origin}${path}`, {
      method,
      redirect: 'manual',
      headers: { origin, cookie: this.#cookie, ...(type ? { 'content-type': type } : {}), ...headers },
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(content ? { body: ReadableStream.from(content()), duplex: 'half' as const } : {}),
    })
    const text = await reply.text()
    const isJson = reply.headers.get('content-type')?.includes('json') && text !== ''
    return { status: reply.status, etag: reply.headers.get('etag'), body: isJson ? JSON.parse(text) : text }
  }
}
