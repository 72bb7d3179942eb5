/** Mails what members want to be told by mail. Of several workers one sends each; one that dies leaves it to the next. */
import type { Claims } from '../data/context.ts'
import type { Database } from '../data/database.ts'
import type { Installed } from '../host/manifest.ts'
import type { Mails } from '../mail/mails.ts'
import type { NoticeRow, Notices } from '../notify/notices.ts'
import { fillText, keyOf } from '../notify/text.ts'
import { findReader } from '../tenancy/directory.ts'
import type { Switches } from '../tenancy/switches.ts'
import type { Rights } from '../work/rights.ts'
import type { Unit } from '../work/unit.ts'

const BATCH = 20
const MAX_SUBJECT = 200
/** How long a worker may take, and then how long a mail server may be away. */
const LEASE = `interval '5 minutes'`
const PATIENCE = `interval '1 day'`

interface Due {
  readonly tenant: string
  readonly id: string
  readonly user: string
  readonly plugin: string
}

export interface NoticeMailServices {
  readonly database: Database
  readonly installed: readonly Installed[]
  readonly switches: Switches
  readonly notices: Notices
  readonly mails: Mails
  /** The public address, which links begin with. */
  readonly url: string | null
  readonly rights: Pick<Rights, 'mayRead'>
  report(message: string, fields: Record<string, unknown>): void
}

export class NoticeMail {
  readonly #services: NoticeMailServices

  constructor(services: NoticeMailServices) {
    this.#services = services
  }

  /** Sends what is due. It never throws: what cannot be sent is tried again. */
  async turn(): Promise<void> {
    const { database, report } = this.#services
    try {
      for (const due of await this.#take()) {
        await this.#send(due).then(
          () => this.#settle(due),
          (err: unknown) => report('notice not mailed', { err, tenant: due.tenant, notice: due.id }),
        )
      }
      await database.door({
        name: 'give_up_notices',
        text: `update kernel.notifications set mail_due = null where mail_due is not null and at < now() - ${PATIENCE}`,
      })
    } catch (err) {
      report('notices failed', { err })
    }
  }

  async #take(): Promise<Due[]> {
    const { rows } = await this.#services.database.door<Due>({
      name: 'take_notices',
      text: `update kernel.notifications n set mail_due = now() + ${LEASE} from (select tenant_id, id from kernel.notifications
          where mail_due <= now() order by mail_due limit ${BATCH} for update skip locked) due
        where n.tenant_id = due.tenant_id and n.id = due.id
        returning n.tenant_id as tenant, n.id, n.user_id as user, n.plugin`,
    })
    return rows
  }

  async #settle({ tenant, id }: Due): Promise<void> {
    const text = 'update kernel.notifications set mail_due = null where tenant_id = $1 and id = $2'
    await this.#services.database.door({ text, values: [tenant, id] })
  }

  async #send({ tenant, id, user, plugin }: Due): Promise<void> {
    const { database, installed, switches, mails, notices } = this.#services
    const reader = await findReader(database, tenant, user)
    const { enabled } = await switches.of(tenant)
    const locales = installed.find((each) => each.id === plugin)?.locales
    if (!reader || !locales || !enabled.has(plugin)) return
    const claims = claimsFor(tenant, plugin)
    const notice = await notices.find((query) => database.once(claims, 'read', query), tenant, id)
    if (!notice || !(await this.#mayRead(claims, user, notice))) return
    const text = fillText(locales, reader.language, keyOf(notice.key), notice.params).replace(/\s+/g, ' ')
    const link = this.#linkOf(notice)
    await mails.send(
      (query) => database.once(claims, 'write', query),
      claims,
      {
        to: [{ name: reader.name, address: reader.email }],
        replyTo: null,
        subject: text.slice(0, MAX_SUBJECT).trim(),
        text: link ? `${text}\n\n${link}\n` : `${text}\n`,
        html: null,
        attachments: [],
        files: [],
        recordId: notice.recordId,
      },
      `notice ${id}`,
    )
  }

  /** The role of the reader may be another one by now. */
  async #mayRead(claims: Claims, user: string, { isAbout, resource, recordId: id }: NoticeRow): Promise<boolean> {
    if (!isAbout) return true
    if (resource === null || id === null) return false
    const { database, rights } = this.#services
    const run: Unit['read'] = (query) => database.once(claims, 'read', query)
    return rights.mayRead(run, { tenant: claims.tenant, user, key: null }, { resource, id })
  }

  #linkOf({ url, resource, recordId }: NoticeRow): string | null {
    const path = url ?? (resource && `/${resource}/${recordId}`)
    return this.#services.url && path ? this.#services.url + path : null
  }
}

const claimsFor = (tenant: string, plugin: string): Claims => ({
  tenant,
  actorKind: 'system',
  actor: null,
  plugin,
  request: null,
  origin: null,
  task: null,
  at: null,
})
