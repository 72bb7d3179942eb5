/** How an account and a network are told apart. */
import { isIPv4, isIPv6 } from 'node:net'

const ADDRESS = /^[^\s\p{C}@]+@[^\s\p{C}@]+$/u

/**
 * Whether this can be the e-mail address of an account. Wider than that of a client: an administrator may well be
 * `admin@localhost`.
 */
export function isAccountEmail(value: string): boolean {
  return value.length <= 254 && value.isWellFormed() && ADDRESS.test(value)
}

const MAX_NAME = 200

/** Whether this can be the name of a person or an organisation: it stands in headers of mails. */
export function isAccountName(text: string): boolean {
  return text.trim() !== '' && text.length <= MAX_NAME && text.isWellFormed() && !/\p{Cc}/u.test(text)
}

/**
 * One name for all addresses that one visitor easily has: an IPv4 address, however written, or the /64 of an IPv6
 * address (RFC 6177: the least that a site is given).
 */
export function networkOf(address: string): string {
  if (isIPv4(address)) return address
  const [plain] = address.split('%') as [string]
  if (!isIPv6(plain)) return 'unknown'
  const groups = groupsOf(plain)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.')
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // The URL parser writes every spelling, a dotted tail too, in the one form of RFC 5952.
  const [head, tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::') as [string, string?]
  const parse = (part: string | undefined) => (part ? part.split(':').map((group) => Number.parseInt(group, 16)) : [])
  const [before, after] = [parse(head), parse(tail)]
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}
