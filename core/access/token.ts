/** Bearer tokens: 256 random bits, of which the database keeps the hash alone. */
import { createHash, randomBytes } from 'node:crypto'

/** A prefix tells a session from a key, a link, what is mailed and a sign-in under way; scanners of leaks know ours by it. */
const PREFIXES = { session: 'wfs_', key: 'wfk_', link: 'wfl_', account: 'wfa_', flow: 'wff_' }
export type TokenKind = keyof typeof PREFIXES

const SHAPE = /^[A-Za-z0-9_-]{43}$/

export function createToken(kind: TokenKind): string {
  return PREFIXES[kind] + randomBytes(32).toString('base64url')
}

/** Whether the database need be asked at all. */
export function isToken(kind: TokenKind, value: string): boolean {
  const prefix = PREFIXES[kind]
  return value.startsWith(prefix) && SHAPE.test(value.slice(prefix.length))
}

/** SHA-256 is enough: what has 256 random bits cannot be guessed, so it need not be slow. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
