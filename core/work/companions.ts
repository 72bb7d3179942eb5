/** What the kernel keeps of a record's rows beside the rows themselves: files, mails, notices, links. */
import type { AccessPack } from '../contract.ts'
import type { Transaction } from '../data/database.ts'
import { FILE_INFO } from '../files/files.ts'
import type { Subject } from '../facts/erasure.ts'

export type Companions = Pick<AccessPack, 'files' | 'mails' | 'notices' | 'links'>

/** Each of the rows `$2` of the tenant `$1`, newest first, at most `$3`. */
const TEXTS: Readonly<Record<keyof Companions, string>> = {
  files: `select ${FILE_INFO} from kernel.files f
    where f.tenant_id = $1 and f.record_id = any($2::uuid[]) and f.deleted_at is null order by f.created_at desc, f.id limit $3`,
  mails: `select kernel.iso(at) as at, plugin, recipients as "to", subject, text, state
    from kernel.mails where tenant_id = $1 and record_id = any($2::uuid[]) order by mails.at desc, id limit $3`,
  notices: `select kernel.iso(at) as at, plugin, key, params
    from kernel.notifications where tenant_id = $1 and record_id = any($2::uuid[]) order by notifications.at desc, id limit $3`,
  links: `select kernel.iso(created_at) as at, plugin, name, data
    from kernel.links where tenant_id = $1 and subject = any($2::uuid[]) order by links.created_at desc, id limit $3`,
}

export async function readCompanions(
  transaction: Transaction,
  { tenant }: Subject,
  ids: readonly string[],
  limit: number,
): Promise<Companions> {
  const found: Partial<Record<keyof Companions, unknown[]>> = {}
  for (const [kind, text] of Object.entries(TEXTS) as [keyof Companions, string][])
    found[kind] = (await transaction.query({ text, values: [tenant, ids, limit] })).rows
  return found as Companions
}
