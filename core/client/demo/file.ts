/** One client's file while it is drawn, and what may be given out only once. */
import type { Life } from './life.ts'
import { slug, type Country } from './names.ts'
import type { Kind, Tongue } from './notes.ts'
import { drawPhone } from './numbers.ts'
import type { Random } from './random.ts'

export interface SecondPerson {
  civility?: string
  firstName?: string
  lastName?: string
  email?: string
  phone?: string
  birthDate?: string
}
/** The fields of `schemas/clients.json`, and those of the couple plugin. */
export interface DemoFields {
  type: Kind
  civility?: string
  firstName?: string
  lastName?: string
  companyName?: string
  email?: string
  phone?: string
  mobile?: string
  language?: string
  country?: string
  legalName?: string
  siret?: string
  vatNumber?: string
  source?: string
  status?: string
  tags?: string[]
  notes?: string
  extensions?: { couple: SecondPerson }
}
export interface DemoChange {
  at: Date
  /** A merge patch (RFC 7396). */
  patch: Partial<DemoFields>
}
export interface DemoClient {
  at: Date
  input: DemoFields
  changes: DemoChange[]
}
export interface DemoFile {
  random: Random
  country: Country
  tongue: Tongue
  life: Life
  mail(name: string, domains?: readonly string[]): string
  phone(abroad?: 'US' | 'AU'): string
}
/** What may be given out only once. */
export interface Taken {
  mails: Set<string>
  phones: Set<string>
  names: Set<string>
  numbers: Set<string>
}

/** Reserved by RFC 2606, so that a message to them reaches nobody. */
const domains = ['example.com', 'example.org', 'example.net', 'courriel.example', 'post.example', 'mail.example']
export function openFile(random: Random, country: Country, tongue: Tongue, life: Life, taken: Taken): DemoFile {
  const phone = (abroad?: 'US' | 'AU') => {
    for (let i = 0; ; i++) {
      const typed = drawPhone(random, country, abroad)
      const digits = typed.replace(/\D/g, '').slice(-8)
      if (taken.phones.has(digits) && i < 50) continue
      taken.phones.add(digits)
      return typed
    }
  }
  const mail = (name: string, of = domains) => {
    const domain = random.pick(of)
    let address = `${name}@${domain}`
    for (let i = 2; taken.mails.has(address); i++) address = `${name}${i}@${domain}`
    taken.mails.add(address)
    return address
  }
  return { random, country, tongue, life, mail, phone }
}

/** The part of a mail address before the @, as people choose it. */
export function mailName(random: Random, { firstName, lastName }: { firstName?: string; lastName?: string }): string {
  const [first, last] = [slug(firstName ?? 'info'), slug(lastName ?? 'info')]
  return random.weighted([
    [50, `${first}.${last}`],
    [15, `${first[0]}.${last}`],
    [15, `${first}${last}`.replaceAll('-', '')],
    [12, `${first}.${last}${random.int(84, 99)}`],
    [8, `${last}.${first}`],
  ])
}
