/** What members are told, kept for each of them until it is read. */
import { type JsonObject, Problem } from '../contract.ts'
import type { Run } from '../data/database.ts'
import { Parameters } from '../resource/filter.ts'
import { isUuid } from '../resource/formats.ts'
import { compileGuards, type Ruled } from '../resource/guard.ts'

export interface Reader {
  readonly tenant: string
  readonly user: string
  /** Plugins that are on. */
  readonly plugins: readonly string[]
  /** Resources whose rows the reader may read. */
  readonly resources: readonly string[]
  /** Those of which it meets some rows alone. */
  readonly ruled: readonly Ruled[]
}
export interface NoticeRow {
  readonly id: string
  readonly plugin: string
  readonly key: string
  readonly params: JsonObject
  readonly recordId: string | null
  /** Of the record where it lives, merged or not. */
  readonly resource: string | null
  readonly url: string | null
  readonly at: string
  readonly read: boolean
  /** Whether it is about a record, there or not. */
  readonly isAbout: boolean
}
export interface Preference {
  readonly plugin: string
  readonly inApp: boolean
  readonly mail: boolean
}

const PAGE = 30
/** A count beyond says nothing more to anybody. */
const MAX_COUNT = 100

/** Where the record lives now; a merged one leads to its survivor. */
const LIVING = `left join lateral (with recursive chain as (
    select r.id, r.resource, r.merged_into, r.deleted_at, 1 as depth from kernel.records r
      where r.tenant_id = $1 and r.id = n.record_id
    union all select r.id, r.resource, r.merged_into, r.deleted_at, depth + 1 from chain c join kernel.records r
      on r.tenant_id = $1 and r.id = c.merged_into where depth < 50)
  select id, resource from chain where merged_into is null and deleted_at is null) living on true`
const ROW = `n.id, n.plugin, n.key, n.params, living.id as "recordId", living.resource, n.url, kernel.iso(n.at) as at,
  n.read_at is not null as read, n.record_id is not null as "isAbout"`
/** A record that is gone is nobody's to read, and neither is one of a resource that is off. */
const VISIBLE = `n.tenant_id = $1 and n.user_id = $2 and n.shown and n.plugin = any($3::text[])
  and (n.record_id is null or living.resource = any($4::text[]))`

/** What the reader meets. @param more values that the statement names from `$5` on */
function visibleTo({ tenant, user, plugins, resources, ruled }: Reader, more: readonly unknown[] = []) {
  const parameters = new Parameters(tenant)
  parameters.values.push(user, plugins, resources, ...more)
  const met = compileGuards(ruled, parameters, { resource: 'living.resource', id: 'living.id' })
  return { visible: `${VISIBLE}${met}`, values: parameters.values }
}

export class Notices {
  /** Each wants it on the screen, by mail, both or not at all. */
  async add(
    run: Run,
    notice: {
      tenant: string
      plugin: string
      users: readonly string[]
      key: string
      params: JsonObject
      recordId: string | null
      url: string | null
    },
  ): Promise<void> {
    const { tenant, plugin, users, key, params, recordId, url } = notice
    await run({
      name: 'add_notices',
      text: `insert into kernel.notifications (tenant_id, user_id, plugin, key, params, record_id, url, shown, mail_due)
        select $1, u, $2, $4, $5, $6, $7, coalesce(p.in_app, true), case when p.mail then statement_timestamp() end
        from unnest($3::uuid[]) u left join kernel.notification_preferences p
          on p.tenant_id = $1 and p.user_id = u and p.plugin = $2
        where coalesce(p.in_app, true) or p.mail`,
      values: [tenant, plugin, users, key, JSON.stringify(params), recordId, url],
    })
  }

  /** Newest first, thirty a page. @param after the `next` of the page before */
  async list(
    run: Run,
    reader: Reader,
    { after, unread }: { after: string | null; unread: boolean },
  ): Promise<{ items: NoticeRow[]; next: string | null }> {
    if (after !== null && !isUuid(after)) throw new Problem(400, 'invalid_cursor', [{ path: 'after', code: 'cursor' }])
    const { visible, values } = visibleTo(reader, [after, unread])
    const { rows } = await run<NoticeRow>({
      text: `select ${ROW}
        from kernel.notifications n ${LIVING} where ${visible} and (not $6 or n.read_at is null) and ($5::uuid is null
          or (n.at, n.id) < (select at, id from kernel.notifications where tenant_id = $1 and user_id = $2 and id = $5))
        order by n.at desc, n.id desc limit ${PAGE + 1}`,
      values,
    })
    const items = rows.slice(0, PAGE)
    return { items, next: rows.length > PAGE ? items.at(-1)!.id : null }
  }

  /** Whoever's it is. */
  async find(run: Run, tenant: string, id: string): Promise<NoticeRow | null> {
    const { rows } = await run<NoticeRow>({
      text: `select ${ROW} from kernel.notifications n ${LIVING} where n.tenant_id = $1 and n.id = $2`,
      values: [tenant, id],
    })
    return rows[0] ?? null
  }

  /** At most a hundred. */
  async countUnread(run: Run, reader: Reader): Promise<number> {
    const { visible, values } = visibleTo(reader)
    const { rows } = await run<{ count: number }>({
      text: `select count(*)::int as count from (select 1 from kernel.notifications n ${LIVING}
        where ${visible} and n.read_at is null limit ${MAX_COUNT}) as unread`,
      values,
    })
    return rows[0]?.count ?? 0
  }

  /** @throws Problem 404 for what is not the reader's */
  async mark(run: Run, { tenant, user }: Reader, id: string, read: boolean): Promise<void> {
    const { rowCount } = isUuid(id)
      ? await run({
          text: `update kernel.notifications set read_at = case when $4 then coalesce(read_at, statement_timestamp()) end
            where tenant_id = $1 and user_id = $2 and id = $3`,
          values: [tenant, user, id, read],
        })
      : { rowCount: 0 }
    if (rowCount !== 1) throw new Problem(404, 'not_found')
  }

  async markAll(run: Run, { tenant, user }: Reader): Promise<void> {
    await run({
      text: `update kernel.notifications set read_at = statement_timestamp()
        where tenant_id = $1 and user_id = $2 and read_at is null`,
      values: [tenant, user],
    })
  }

  async listPreferences(run: Run, { tenant, user }: Reader): Promise<Preference[]> {
    const { rows } = await run<Preference>({
      text: `select plugin, in_app as "inApp", mail from kernel.notification_preferences where tenant_id = $1 and user_id = $2`,
      values: [tenant, user],
    })
    return rows
  }

  async prefer(
    run: Run,
    { tenant, user }: Reader,
    { plugin, inApp, mail }: { plugin: string; inApp?: boolean; mail?: boolean },
  ): Promise<void> {
    await run({
      text: `insert into kernel.notification_preferences (tenant_id, user_id, plugin, in_app, mail)
          values ($1, $2, $3, coalesce($4, true), coalesce($5, false))
        on conflict (tenant_id, user_id, plugin) do update
          set in_app = coalesce($4, notification_preferences.in_app), mail = coalesce($5, notification_preferences.mail)`,
      values: [tenant, user, plugin, inApp ?? null, mail ?? null],
    })
  }
}
