/** The part of a file that a request asks for (RFC 9110, section 14). */
import { Problem } from '../contract.ts'
import type { ByteRange } from '../files/store.ts'

/**
 * @returns null for the whole: nothing was asked for, or several parts, or of another version
 * @throws Problem 416 for a part that is not there
 */
export function readRange(
  headers: { readonly range?: string | undefined; readonly 'if-range'?: string | string[] | undefined },
  size: number,
  etag: string,
): ByteRange | null {
  const { range, 'if-range': version } = headers
  if (range === undefined || (version !== undefined && version !== etag)) return null
  // Several parts may be answered by the whole; what is no range at all is not asked for.
  const [, first = '', last = ''] = /^bytes=(?!-$)(\d{0,15})-(\d{0,15})$/.exec(range.trim()) ?? []
  if (first === '' && last === '') return null
  const [start, end] = first === '' ? lastBytes(Number(last), size) : bytesFrom(Number(first), last, size)
  if (start > end || start >= size) throw new Problem(416, 'range')
  return { start, end }
}

const lastBytes = (count: number, size: number) => [Math.max(0, size - count), size - 1] as const
const bytesFrom = (first: number, last: string, size: number) =>
  [first, last === '' ? size - 1 : Math.min(Number(last), size - 1)] as const
