/** Mails tokens of accounts. Each is made when it is sent: one that is sent twice works as it was sent last. */
import type { AccountTokens, DueToken } from '../access/account-tokens.ts'
import type { Claims } from '../data/context.ts'
import type { Database } from '../data/database.ts'
import type { Mails } from '../mail/mails.ts'
import { fillText, type Locales } from '../notify/text.ts'
import en from './locales/en.json' with { type: 'json' }
import fr from './locales/fr.json' with { type: 'json' }

const BATCH = 20
const LOCALES: Locales = { en, fr }
/** As whose the mails stand in the mailbox. */
const SENDER = 'weft'
/** The screen's page for each, which reads the token behind the `#`: that part is sent to no server and no log. */
const PAGES = { invitation: '/invitation', reset: '/new-password' }

export interface AccountMailServices {
  readonly database: Database
  readonly accountTokens: AccountTokens
  readonly mails: Mails
  /** The address that people use, e.g. `https://crm.example.org`. */
  readonly address: string
  report(message: string, fields: Record<string, unknown>): void
}

export class AccountMail {
  readonly #services: AccountMailServices

  constructor(services: AccountMailServices) {
    this.#services = services
  }

  /** Sends what is due. It never throws: what cannot be sent is tried again. */
  async turn(): Promise<void> {
    const { accountTokens, report } = this.#services
    try {
      for (const due of await accountTokens.take(BATCH)) {
        const reason = await this.#send(due).then(
          () => null,
          (err: unknown) => {
            report('account mail not sent', { err, tenant: due.tenant, kind: due.kind })
            return 'mail_failed'
          },
        )
        await accountTokens.settle(due.id, reason)
      }
    } catch (err) {
      report('account mails failed', { err })
    }
  }

  async #send({ id, kind, tenant, organisation, email, name, language, by }: DueToken): Promise<void> {
    const { database, accountTokens, mails, address } = this.#services
    const link = `${address}${PAGES[kind]}#${await accountTokens.issue(id)}`
    const fill = (part: string) =>
      fillText(LOCALES, language, `${kind}.${part}`, { organisation, by: by ?? organisation, link })
    const claims = claimsFor(tenant)
    await mails.send(
      (query) => database.once(claims, 'write', query),
      claims,
      {
        to: [{ name: name ?? '', address: email }],
        replyTo: null,
        subject: fill('subject').replace(/\s+/g, ' '),
        text: fill('text'),
        html: null,
        attachments: [],
        files: [],
        recordId: null,
      },
      null,
    )
  }
}

const claimsFor = (tenant: string): Claims => ({
  tenant,
  actorKind: 'system',
  actor: null,
  plugin: SENDER,
  request: null,
  origin: null,
  task: null,
  at: null,
})
