/** Headers of every answer, and the rule that another site's page cannot act for a signed-in user. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../contract.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** @param scripts hashes of the inline scripts that the built page holds: its import map */
export function policyOf(scripts: readonly string[]): string {
  return [
    "default-src 'self'",
    `script-src 'self'${scripts.map((hash) => ` '${hash}'`).join('')}`,
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export function setSecurityHeaders(reply: FastifyReply, policy: string, isSecure: boolean): void {
  reply.headers({
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
    ...(isSecure ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  })
}

/**
 * An unsafe request that bears a cookie, or means to get one, comes from a page of this very address.
 * @throws Problem 403 `origin`
 */
export function assertOrigin(request: FastifyRequest, publicUrl: string | null): void {
  if (SAFE_METHODS.has(request.method)) return
  if (request.headers.authorization !== undefined) return
  const { origin } = request.headers
  const own = `${request.protocol}://${request.headers.host}`
  if (origin !== undefined && (origin === own || (publicUrl !== null && origin === new URL(publicUrl).origin))) return
  throw new Problem(403, 'origin')
}
