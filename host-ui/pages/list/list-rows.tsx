import { useMedia } from '../../shell/media.ts'
import { ListCards } from './list-cards.tsx'
import { ListTable } from './list-table.tsx'
import type { ListView } from './list-view.ts'

export function ListRows(view: ListView) {
  const wide = useMedia('(min-width: 768px)')
  return wide ? <ListTable {...view} /> : <ListCards {...view} />
}
