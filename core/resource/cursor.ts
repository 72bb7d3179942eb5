/** Cursors of keyset pages: the sort values of the last row, signed over everything else that chose the page. */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { Problem } from '../contract.ts'

export type CursorKey = KeyObject
const MAC_BYTES = 12

function sign(key: CursorKey, scope: string, body: string): Buffer {
  return createHmac('sha256', key).update(scope).update('\0').update(body).digest().subarray(0, MAC_BYTES)
}

/** `scope` says which list: tenant, resource, filters, search and sort. */
export function writeCursor(key: CursorKey, scope: string, values: readonly (string | null)[]): string {
  const body = JSON.stringify(values)
  return Buffer.concat([sign(key, scope, body), Buffer.from(body)]).toString('base64url')
}

/** @throws Problem 400 `invalid_cursor` for a cursor of another list, tenant or maker */
export function readCursor(key: CursorKey, scope: string, cursor: string): (string | null)[] {
  const bytes = Buffer.from(cursor, 'base64url')
  const body = bytes.subarray(MAC_BYTES).toString()
  const isOurs = bytes.length > MAC_BYTES && timingSafeEqual(sign(key, scope, body), bytes.subarray(0, MAC_BYTES))
  if (!isOurs) throw new Problem(400, 'invalid_cursor', [{ path: 'after', code: 'cursor' }])
  return JSON.parse(body) as (string | null)[]
}
