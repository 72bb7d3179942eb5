/** Mails of tenants: entered before they are sent, so that what is tried again is known. */
import { randomUUID } from 'node:crypto'
import { Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, Run } from '../data/database.ts'
import { codeOf } from '../fault.ts'
import { isUuid } from '../resource/formats.ts'
import { type Message, writeAddress } from './message.ts'
import type { Attachment, Post } from './post.ts'

type State = 'queued' | 'sent' | 'failed' | 'kept'

export interface MailEntry {
  readonly id: string
  readonly plugin: string
  readonly to: readonly string[]
  readonly subject: string
  readonly state: State
  readonly reason: string | null
  readonly at: string
  readonly sentAt: string | null
}
export interface WholeMail extends MailEntry {
  readonly from: string
  readonly replyTo: string | null
  readonly messageId: string
  /** Null where a mail server has it. */
  readonly text: string | null
  readonly html: string | null
  /** Names of files. */
  readonly attachments: readonly string[]
}

interface Entered {
  readonly id: string
  readonly message_id: string
  readonly state: State
}

const PAGE = 50
const ENTRY = `id, plugin, recipients as "to", subject, state, reason, kernel.iso(at) as at, kernel.iso(sent_at) as "sentAt"`

/** What the mail server said, which is its own words and no secret of ours. */
function reasonOf(error: unknown): string {
  const said = (error as { response?: unknown }).response
  return [codeOf(error), typeof said === 'string' ? said : null].filter(Boolean).join(': ').slice(0, 300) || 'unknown'
}

export class Mails {
  readonly #database: Database
  readonly #post: Post

  constructor(database: Database, post: Post) {
    this.#database = database
    this.#post = post
  }

  /** Whether mails go anywhere, or are kept to be looked at. */
  get isLive(): boolean {
    return this.#post.isLive
  }

  close(): void {
    this.#post.close()
  }

  /**
   * Sends a mail once for each key. The claims name the plugin that sends it.
   * @param key null for what is never tried again
   * @throws Problem 502 `mail_failed`
   */
  async send(
    run: Run,
    claims: Claims,
    message: Message & { readonly files: readonly Attachment[] },
    key: string | null,
  ): Promise<{ id: string }> {
    const from = { name: await this.#nameOf(claims.tenant), address: this.#post.sender }
    const entered = await this.#enter(run, claims, message, { from: writeAddress(from), key })
    const { id } = entered
    if (entered.state === 'sent' || entered.state === 'kept') return { id }
    try {
      const { files, ...letter } = message
      await this.#post.send({ ...letter, from, messageId: entered.message_id, attachments: files })
    } catch (error) {
      await this.#settle(run, claims.tenant, id, 'failed', reasonOf(error))
      throw new Problem(502, 'mail_failed')
    }
    await this.#settle(run, claims.tenant, id, 'sent', null)
    return { id }
  }

  async #nameOf(tenant: string): Promise<string> {
    const text = 'select name from kernel.tenants where id = $1'
    return (await this.#database.door<{ name: string }>({ text, values: [tenant] })).rows[0]?.name ?? ''
  }

  async #enter(
    run: Run,
    { tenant, plugin }: Claims,
    { to, replyTo, subject, text, html, files, recordId }: Message & { readonly files: readonly Attachment[] },
    { from, key }: { from: string; key: string | null },
  ): Promise<Entered> {
    const id = randomUUID()
    const body = this.#post.isLive ? [null, null, 'queued'] : [text, html, 'kept']
    const { rows: made } = await run<Entered>({
      name: 'enter_mail',
      text: `insert into kernel.mails (tenant_id, id, plugin, key, message_id, sender, recipients, reply_to, subject, attachments,
          text, html, state, record_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        on conflict (tenant_id, key) do nothing returning id, message_id, state`,
      values: [
        tenant,
        id,
        plugin,
        key === null ? id : `${plugin} ${key}`,
        `<${id}@${this.#post.host}>`,
        from,
        to.map(writeAddress),
        replyTo && writeAddress(replyTo),
        subject,
        files.map(({ filename }) => filename),
        ...body,
        recordId,
      ],
    })
    if (made[0]) return made[0]
    const { rows } = await run<Entered>({
      text: 'select id, message_id, state from kernel.mails where tenant_id = $1 and key = $2',
      values: [tenant, `${plugin} ${key}`],
    })
    return rows[0]!
  }

  async #settle(run: Run, tenant: string, id: string, state: State, reason: string | null): Promise<void> {
    await run({
      name: 'settle_mail',
      text: `update kernel.mails set state = $3, reason = $4, sent_at = case when $3 = 'sent' then statement_timestamp() end
        where tenant_id = $1 and id = $2`,
      values: [tenant, id, state, reason],
    })
  }

  /** Newest first, fifty a page. @param after the `next` of the page before */
  async list(run: Run, tenant: string, after: string | null): Promise<{ items: MailEntry[]; next: string | null }> {
    if (after !== null && !isUuid(after)) throw new Problem(400, 'invalid_cursor', [{ path: 'after', code: 'cursor' }])
    const { rows } = await run<MailEntry>({
      text: `select ${ENTRY} from kernel.mails where tenant_id = $1 and ($2::uuid is null
          or (at, id) < (select at, id from kernel.mails where tenant_id = $1 and id = $2))
        order by mails.at desc, id desc limit ${PAGE + 1}`,
      values: [tenant, after],
    })
    const items = rows.slice(0, PAGE)
    return { items, next: rows.length > PAGE ? items.at(-1)!.id : null }
  }

  /** @throws Problem 404 */
  async get(run: Run, tenant: string, id: string): Promise<WholeMail> {
    const { rows } = isUuid(id)
      ? await run<WholeMail>({
          text: `select ${ENTRY}, sender as "from", reply_to as "replyTo", message_id as "messageId", text, html, attachments
            from kernel.mails where tenant_id = $1 and id = $2`,
          values: [tenant, id],
        })
      : { rows: [] }
    if (!rows[0]) throw new Problem(404, 'not_found')
    return rows[0]
  }
}
