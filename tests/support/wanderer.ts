/** A browser without a screen: it keeps cookies of each site and follows from one to the other, over real HTTP. */

export interface Stop {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // Bodies of any route: tests say what they expect.
  readonly body: any
}

interface Sent {
  readonly method?: string
  readonly json?: unknown
  readonly form?: Record<string, string>
}

const MAX_STEPS = 20

export class Wanderer {
  readonly #home: string
  readonly #jars = new Map<string, Map<string, string>>()

  constructor(home: string) {
    this.#home = home
  }

  /** The cookies of a site by their names; of home unless said. */
  cookies(site = this.#home): Map<string, string> {
    const { origin } = new URL(site)
    const jar = this.#jars.get(origin) ?? new Map<string, string>()
    this.#jars.set(origin, jar)
    return jar
  }

  /** One request, without following. */
  async send(place: string, { method = 'GET', json, form }: Sent = {}): Promise<Stop> {
    const url = new URL(place, this.#home)
    const jar = this.cookies(url.href)
    const type = json === undefined ? form && 'application/x-www-form-urlencoded' : 'application/json'
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        origin: url.origin,
        accept: 'text/html,application/json',
        'user-agent': 'Wanderer',
        ...(type ? { 'content-type': type } : {}),
      },
      ...(json === undefined ? (form ? { body: new URLSearchParams(form) } : {}) : { body: JSON.stringify(json) }),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(jar, line)
    const text = await response.text()
    const isJson = (response.headers.get('content-type') ?? '').includes('json')
    return {
      url,
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text ? JSON.parse(text) : null,
    }
  }

  #keep(jar: Map<string, string>, line: string): void {
    const [pair = '', ...rest] = line.split(';')
    const at = pair.indexOf('=')
    const isOver = rest.some((each) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/i.test(each))
    if (isOver) jar.delete(pair.slice(0, at))
    else jar.set(pair.slice(0, at), pair.slice(at + 1))
  }

  /** Follows from one address to the next, and stops before one of which `isEnd` says so. */
  async follow(place: string, isEnd: (url: URL) => boolean = () => false, sent: Sent = {}): Promise<Stop> {
    let stop = await this.send(place, sent)
    for (let step = 0; step < MAX_STEPS; step++) {
      const location = stop.headers.get('location')
      if (location === null) return stop
      const next = new URL(location, stop.url)
      if (isEnd(next)) return { ...stop, url: next }
      stop = await this.send(next.href)
    }
    throw new Error(`There is no end to ${place}.`)
  }

  /** Sends the form of a page with what its fields say, and follows. */
  async submit({ text, url }: Stop, fields: Record<string, string>, isEnd?: (url: URL) => boolean): Promise<Stop> {
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1]
    if (!action) throw new Error(`There is no form at ${url.href}: ${text.slice(0, 500)}`)
    const hidden = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
    const form = { ...Object.fromEntries(hidden.map(([, name, value]) => [name!, value!])), ...fields }
    return this.follow(new URL(action, url).href, isEnd, { method: 'POST', form })
  }
}
