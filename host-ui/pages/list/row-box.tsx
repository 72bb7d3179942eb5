import { useRef } from 'react'
import type { Row } from '../../sdk/index.ts'
import { useTexts } from '../../shell/texts.ts'
import type { Selection } from './use-selection.ts'

/** Picks a row; with the shift key also those between it and the one picked last. */
export function RowBox({ row, index, selection }: { row: Row; index: number; selection: Selection }) {
  const { t } = useTexts()
  const shifted = useRef(false)
  return (
    <label className="pick-box" onClick={(event) => (shifted.current = event.shiftKey)}>
      <input
        type="checkbox"
        className="input"
        aria-label={t('bulk.pick', { id: index + 1 })}
        aria-describedby={`row-${row.id}`}
        checked={selection.isPicked(row.id)}
        onKeyDown={(event) => (shifted.current = event.shiftKey)}
        onChange={() => {
          selection.toggle(index, shifted.current)
          shifted.current = false
        }}
      />
    </label>
  )
}
