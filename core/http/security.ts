/** Headers of every answer, and the rule that another site's page cannot act for a signed-in user. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'
import type { BrowserNeeds } from '../host/manifest.ts'

export const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

const POWERS = { camera: 'camera', microphone: 'microphone', geolocation: 'geolocation', xr: 'xr-spatial-tracking' }

/** What the screens of plugins need, all together: the page is served before anybody has signed in. */
export function joinNeeds(all: readonly BrowserNeeds[]): BrowserNeeds {
  const sites = (of: 'img' | 'connect') => [...new Set(all.flatMap((each) => each[of] ?? []))].sort()
  const powers = Object.keys(POWERS).filter((name) => all.some((each) => each[name as keyof typeof POWERS]))
  return { img: sites('img'), connect: sites('connect'), ...Object.fromEntries(powers.map((name) => [name, true])) }
}

const withSites = (directive: string, sites: readonly string[] = []) => [directive, ...sites].join(' ')

export interface Policies {
  readonly content: string
  readonly permissions: string
}

/** @param scripts hashes of the inline scripts that the built page holds: its import map */
export function policiesOf(scripts: readonly string[], needs: BrowserNeeds): Policies {
  const powers = Object.entries(POWERS).map(
    ([name, power]) => `${power}=(${needs[name as keyof typeof POWERS] ? 'self' : ''})`,
  )
  return { content: contentPolicy(scripts, needs), permissions: powers.join(', ') }
}

function contentPolicy(scripts: readonly string[], { img, connect }: BrowserNeeds): string {
  return [
    "default-src 'self'",
    `script-src 'self'${scripts.map((hash) => ` '${hash}'`).join('')}`,
    "style-src 'self'",
    withSites("img-src 'self' data: blob:", img),
    withSites("connect-src 'self'", connect),
    "font-src 'self'",
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export function setSecurityHeaders(reply: FastifyReply, policies: Policies, isSecure: boolean): void {
  reply.headers({
    'content-security-policy': policies.content,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': policies.permissions,
    ...(isSecure ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  })
}

/**
 * An unsafe request, or one for a socket, that bears a cookie, or means to get one, comes from a page of this very address.
 * @throws Problem 403 `origin`
 */
export function assertOrigin(request: FastifyRequest, publicUrl: string | null): void {
  const { guest, isSocket } = request.routeOptions.config
  // No cookie counts there.
  if (guest) return
  if (SAFE_METHODS.has(request.method) && !isSocket) return
  if (request.headers.authorization !== undefined) return
  const { origin } = request.headers
  const own = `${request.protocol}://${request.headers.host}`
  if (origin !== undefined && (origin === own || (publicUrl !== null && origin === new URL(publicUrl).origin))) return
  throw new Problem(403, 'origin')
}
