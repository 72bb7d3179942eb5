import { Link } from 'wouter'
import type { Row, Schema } from '../../sdk/index.ts'
import { Avatar } from '../../shell/avatar.tsx'
import type { Resource } from '../../shell/composition.tsx'
import { type Title, titleOf } from '../fields/title.ts'

/** A record without a name is still to be told apart and clicked on. */
export const nameOrId = (title: Title, row: Row): string => title.main || `#${row.id.slice(-6)}`

export function ListName({ resource, schema, row }: { resource: Resource; schema: Schema; row: Row }) {
  const title = titleOf(row, schema)
  const name = nameOrId(title, row)
  return (
    <span className="list-name">
      <Avatar name={name} />
      <Link href={`/${resource.name}/${row.id}`} data-row-link id={`row-${row.id}`} className="list-name-link">
        {name}
      </Link>
      {title.note && <span className="text-muted-foreground truncate text-xs">{title.note}</span>}
    </span>
  )
}
