/** A mail as a plugin means it, judged before anything is done with it. */
import parseAddresses from 'nodemailer/lib/addressparser'
import { type Mail, Problem, type ProblemEntry } from '../contract.ts'

const MAX_RECIPIENTS = 50
const MAX_SUBJECT = 500
const MAX_BODY = 1024 * 1024
const MAX_ATTACHMENTS = 20

/** `address` is that of the envelope. */
export interface Address {
  readonly name: string
  readonly address: string
}
export interface Message {
  readonly to: readonly Address[]
  readonly replyTo: Address | null
  readonly subject: string
  readonly text: string
  readonly html: string | null
  readonly attachments: readonly string[]
  readonly recordId: string | null
}

/** A line break would begin another header. */
const isLine = (text: unknown): text is string =>
  typeof text === 'string' && text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
const isBody = (text: unknown): text is string =>
  typeof text === 'string' && text.length <= MAX_BODY && text.isWellFormed() && !text.includes('\u0000')

/** @returns null for what is not exactly one address */
export function readAddress(text: unknown): Address | null {
  if (!isLine(text) || text.length > 500) return null
  const [found, ...more] = parseAddresses(text)
  if (!found || more.length > 0 || 'group' in found) return null
  const { name = '', address = '' } = found
  // A name without brackets around the address is a slip, as a space within it.
  if (name !== '' && !text.includes('<')) return null
  return address.length <= 254 && /^[^\s@<>"(),:;\\[\]]{1,64}@[^\s@<>"(),:;\\[\]]+$/.test(address)
    ? { name, address }
    : null
}

/** How an address is written where people read it. */
export const writeAddress = ({ name, address }: Address): string => (name ? `${name} <${address}>` : address)

/** @throws Problem 400 `invalid` with the path of each thing that is wrong */
export function readMessage(mail: Mail): Message {
  const errors: ProblemEntry[] = []
  const demand = (holds: boolean, path: string, code: string) => holds || errors.push({ path, code })
  const given = typeof mail.to === 'string' ? [mail.to] : [...(mail.to ?? [])]
  demand(given.length > 0, '/to', 'minItems')
  demand(given.length <= MAX_RECIPIENTS, '/to', 'maxItems')
  const to = given.slice(0, MAX_RECIPIENTS).map((text, i) => {
    const address = readAddress(text)
    demand(address !== null, `/to/${i}`, 'format')
    return address
  })
  const replyTo = mail.replyTo === undefined ? null : readAddress(mail.replyTo)
  demand(mail.replyTo === undefined || replyTo !== null, '/replyTo', 'format')
  const { subject, text, html, attachments = [], recordId = null } = mail
  demand(isLine(subject) && subject.trim() !== '' && subject.length <= MAX_SUBJECT, '/subject', 'format')
  demand(isBody(text), '/text', 'format')
  demand(html === undefined || isBody(html), '/html', 'format')
  demand(attachments.length <= MAX_ATTACHMENTS, '/attachments', 'maxItems')
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
  return { to: to as Address[], replyTo, subject, text, html: html ?? null, attachments: [...attachments], recordId }
}
