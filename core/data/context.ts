/** The signed tenant context of one transaction: PostgreSQL trusts nothing else about who acts. */
import { createHmac, type KeyObject } from 'node:crypto'
import type { Actor } from '../contract.ts'

export interface Claims {
  readonly tenant: string
  readonly actorKind: Actor['kind']
  readonly actor: string | null
  readonly plugin: string | null
  readonly request: string | null
  /** Where a change comes from when not from this CRM, so that a sync does not answer itself. */
  readonly origin: string | null
  readonly task: string | null
  /** A time in the past under which to enter what happened then; null for now. */
  readonly at: Date | null
  /** The kernel's own code acts, while a plugin waits for it. */
  readonly asKernel?: boolean
}

/** For what the kernel does by itself. */
export const kernelClaims = (tenant: string): Claims => ({
  tenant,
  actorKind: 'system',
  actor: null,
  plugin: null,
  request: null,
  origin: null,
  task: null,
  at: null,
})

const LIFETIME_SECONDS = 60
const SAFE = /^[\w.:+-]*$/

/**
 * @param now the database's time in milliseconds
 * @throws Error for a claim that could not stand in a quoted setting
 */
export function signContext(claims: Claims, key: KeyObject | Buffer, now: number): string {
  const expires = Math.ceil(now / 1000 + LIFETIME_SECONDS)
  const parts = [
    claims.tenant,
    claims.actorKind,
    claims.actor,
    claims.plugin,
    claims.request,
    claims.origin,
    claims.task,
    claims.at?.toISOString(),
    expires,
    claims.asKernel ? 'kernel' : '',
  ].map((part) => String(part ?? ''))
  const unsafe = parts.find((part) => !SAFE.test(part))
  if (unsafe !== undefined) throw new Error(`A tenant context cannot hold ${JSON.stringify(unsafe)}`)
  const body = parts.join('|')
  return `${body}|${createHmac('sha256', key).update(body).digest('hex')}`
}
