import { FlexRender, type Row as TableRow } from '@tanstack/react-table'
import type { MouseEvent } from 'react'
import { useLocation } from 'wouter'
import type { Row } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'
import { prefetchRow } from '../../shell/queries.ts'
import { RowBox } from './row-box.tsx'
import type { Selection } from './use-selection.ts'
import type { ListFeatures } from './list-view.ts'

interface ListRowProps {
  row: TableRow<ListFeatures, Row>
  index: number
  resource: Resource
  /** Where only some rows are drawn, each says which one it is. */
  numbered: boolean
  selection: Selection | null
}

export function ListRow({ row, index, resource, numbered, selection }: ListRowProps) {
  const [, navigate] = useLocation()
  const [name, ...others] = row.getAllCells()
  return (
    <tr
      data-index={index}
      data-picked={selection?.isPicked(row.id) || undefined}
      aria-rowindex={numbered ? index + 2 : undefined}
      onClick={(event) => isOwnClick(event) && navigate(`/${resource.name}/${row.id}`)}
      onMouseEnter={() => prefetchRow(resource, row.id)}
    >
      {selection && (
        <td className="list-pick">
          <RowBox row={row.original} index={index} selection={selection} />
        </td>
      )}
      <th scope="row">{name && <FlexRender cell={name} />}</th>
      {others.map((cell) => (
        <td key={cell.id}>
          <FlexRender cell={cell} />
        </td>
      ))}
    </tr>
  )
}

/** A click on a row opens it, unless it was meant for something in it, or selected some text. */
function isOwnClick(event: MouseEvent): boolean {
  const inner = (event.target as Element).closest('a, button, input, label')
  return !inner && !event.defaultPrevented && !getSelection()?.toString()
}
