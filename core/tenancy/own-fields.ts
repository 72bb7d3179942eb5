/** What a tenant has defined itself, as it is kept: fields, and the values of lists. */
import { createHash } from 'node:crypto'
import type { ListValue } from '../contract.ts'
import type { Run } from '../data/database.ts'
import type { ValueLists } from '../resource/lists.ts'
import { extensionsOf, type TenantExtension, type TenantField } from '../resource/tenant-fields.ts'

/** What a tenant has of its own beside what plugins bring. */
export interface OwnFields {
  readonly extensions: readonly TenantExtension[]
  /** Lists that it has edited. */
  readonly lists: ValueLists
  /** The same for the same fields, labels and lists; empty where there are none. */
  readonly hash: string
}

export const FIELD_COLUMNS = `resource, plugin, name, schema, required, labels, removed_at is not null as "isRemoved",
  purged_at is not null as "isPurged", in_words as "inWords"`

export async function readOwnFields(run: Run, tenant: string): Promise<OwnFields> {
  const { rows } = await run<TenantField>({
    name: 'tenant_fields',
    text: `select ${FIELD_COLUMNS} from kernel.tenant_fields where tenant_id = $1 order by resource, plugin, place, name`,
    values: [tenant],
  })
  const { rows: lists } = await run<{ name: string; values: ListValue[] }>({
    name: 'tenant_lists',
    text: 'select name, values from kernel.tenant_lists where tenant_id = $1 order by name',
    values: [tenant],
  })
  const isPlain = rows.length + lists.length === 0
  const hash = isPlain
    ? ''
    : createHash('sha256')
        .update(JSON.stringify([rows, lists]))
        .digest('base64url')
  return { extensions: extensionsOf(rows), lists: new Map(lists.map(({ name, values }) => [name, values])), hash }
}
