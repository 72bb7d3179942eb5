/** The demo organisation, with a member for each language: two years of a wedding planner's clients. */
import { ensureDemo } from '../../../core/commands/demo.ts'
import { createTenant } from '../../../core/tenancy/directory.ts'
import { configFor, eventually, type Harness, type Visitor } from '../../support/harness.ts'
import { PASSWORD } from '../../support/settings.ts'
import { LANGUAGES, type Language } from './words.ts'

export interface Demo {
  readonly emails: Readonly<Record<Language, string>>
  readonly api: Visitor
}

const EMAILS = { en: 'camille@demo.example', fr: 'capucine@demo.example' }

export async function openDemo(harness: Harness): Promise<Demo> {
  const admin = { email: EMAILS.en, name: 'Camille Laurent', password: PASSWORD }
  const input = { slug: 'demo', name: 'Les Belles Heures', language: 'en', country: 'FR', admin }
  const { tenant } = await createTenant(harness.kernel.services.database, input)
  await harness.addMember(tenant.id, EMAILS.fr, 'administrator')
  await ensureDemo(harness.kernel, configFor(harness.database))
  const visitors = await Promise.all(LANGUAGES.map((language) => harness.signIn(EMAILS[language])))
  await Promise.all(LANGUAGES.map((language, i) => visitors[i]!.patch('/api/session', { language })))
  return { emails: EMAILS, api: visitors[0]! }
}

/** A couple that somebody has spoken to lately, where the plugins are there that know of such things. */
export async function findBusyClient({ api }: Demo, needsCalls: boolean): Promise<string> {
  const first = async (query: string) => (await api.get(`/api/clients?limit=1&${query}`)).body.items[0]
  if (!needsCalls) return (await first('type=couple')).id
  // The worker enters the calls of two years client by client, the newest last.
  const isDone = async () => (await first('sort=-createdAt')).extensions.interactions.lastInteractionAt !== null
  await eventually(isDone, 'the newest client of the demo was called', 60_000)
  return (await first('type=couple&status=active&sort=-extensions.interactions.lastInteractionAt')).id
}
