import { Link } from 'wouter'
import { Avatar } from '../../shell/avatar.tsx'
import { isEmpty, valueOf } from '../fields/field.ts'
import { labelOf } from '../fields/text.ts'
import { titleOf } from '../fields/title.ts'
import { Value } from '../fields/value.tsx'
import { nameOrId } from './list-name.tsx'
import { RowBox } from './row-box.tsx'
import type { ListView } from './list-view.ts'

/** What a table is on a small screen. */
export function ListCards({ resource, schema, columns, reading, rows, selection }: ListView) {
  return (
    <ul className="list-cards">
      {rows.map((row, index) => {
        const title = titleOf(row, schema)
        const name = nameOrId(title, row)
        return (
          <li key={row.id} className="list-card" data-picked={selection?.isPicked(row.id) || undefined}>
            {selection && <RowBox row={row} index={index} selection={selection} />}
            <Link href={`/${resource.name}/${row.id}`} id={`row-${row.id}`} className="list-card-name">
              <Avatar name={name} />
              <span className="min-w-0">
                <span className="block truncate font-medium">{name}</span>
                {title.note && <span className="text-muted-foreground block truncate text-xs">{title.note}</span>}
              </span>
            </Link>
            <dl>
              {columns.shown
                .filter((field) => !isEmpty(valueOf(row, field)))
                .map((field) => (
                  <div key={field.path}>
                    <dt>{labelOf(field, reading)}</dt>
                    <dd>
                      <Value field={field} row={row} reading={reading} brief />
                    </dd>
                  </div>
                ))}
            </dl>
          </li>
        )
      })}
    </ul>
  )
}
