/** `fetch` for the kernel's own calls to addresses that tenants have entered: judged and dialled as those of plugins. */
import { isIP } from 'node:net'
import { Problem } from '../contract.ts'
import { isPublicAddress, openHttp } from './outbound.ts'

/** As much of `fetch` as libraries of protocols use. */
export type Fetch = (url: string, options: FetchOptions) => Promise<Response>

export interface FetchOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly signal?: AbortSignal
}

const CALL_MS = 10_000
/** An answer without a body may not be given an empty one. */
const BODILESS = new Set([101, 204, 205, 304])
/** Told apart by nobody, and set by the transport. */
const LEFT_OUT = new Set(['content-length', 'user-agent'])

const isLoopback = (address: string) => address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))

function bodyOf(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new Error('A body of this kind is not sent.')
}

/**
 * @param local whether loopback addresses may be called too, and without TLS
 * @returns a `fetch` that follows no redirect and throws Problem 403 `address`, 502 or 504 for what it does not reach
 */
export function openFetch(local: boolean): Fetch {
  const isAllowed = (address: string) => isPublicAddress(address) || (local && isLoopback(address))
  return async (text, { method = 'GET', headers = {}, body, signal = new AbortController().signal }) => {
    const url = new URL(text)
    if (url.protocol !== 'https:' && !(local && url.protocol === 'http:')) throw new Problem(403, 'address')
    // Which host it is was judged when it was entered or discovered; here the address behind it is.
    const http = openHttp({ hosts: [`${url.protocol}//${url.host}`], key: null, signal, isAllowed })
    const kept = Object.entries(headers).filter(([name]) => !LEFT_OUT.has(name.toLowerCase()))
    const sent = bodyOf(body)
    const reply = await http.request(url.href, {
      method: method as 'GET',
      headers: Object.fromEntries(kept),
      ms: CALL_MS,
      ...(sent === undefined ? {} : { body: sent }),
    })
    return new Response(BODILESS.has(reply.status) ? null : Buffer.from(reply.body), {
      status: reply.status,
      headers: reply.headers,
    })
  }
}
