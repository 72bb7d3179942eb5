import { useEffect, useState } from 'react'
import type { Row } from '../../sdk/index.ts'

/** Rows that were picked to be acted upon together: some by their ids, or all that match the question. */
export interface Selection {
  ids: ReadonlySet<string>
  /** How many match, where all of them are meant; null where single rows are. */
  all: number | null
  isPicked(id: string): boolean
  /** With `range` also those between this row and the one that was picked last. */
  toggle(index: number, range: boolean): void
  togglePage(): void
  pickAll(total: number): void
  clear(): void
}

/** As many as one batch takes by their ids. */
const MAX_PICKED = 1_000
const NONE: ReadonlySet<string> = new Set()

/** `question` is what the list asks: another one starts with nothing picked; another page of it keeps what was. */
export function useSelection(rows: readonly Row[], question: string): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(NONE)
  const [all, setAll] = useState<number | null>(null)
  const [last, setLast] = useState<number | null>(null)
  const clear = () => {
    setIds(NONE)
    setAll(null)
    setLast(null)
  }
  useEffect(clear, [question])
  const pick = (chosen: readonly string[], on: boolean) => {
    const next = new Set(all === null ? ids : rows.map(({ id }) => id))
    for (const id of chosen) {
      if (!on) next.delete(id)
      else if (next.size < MAX_PICKED) next.add(id)
    }
    setAll(null)
    setIds(next)
  }
  const isPicked = (id: string) => all !== null || ids.has(id)
  return {
    ids,
    all,
    isPicked,
    clear,
    toggle(index, range) {
      const row = rows[index]
      if (!row) return
      const from = range && last !== null ? Math.min(last, index) : index
      const to = range && last !== null ? Math.max(last, index) : index
      pick(
        rows.slice(from, to + 1).map(({ id }) => id),
        !isPicked(row.id),
      )
      setLast(index)
    },
    togglePage() {
      const page = rows.map(({ id }) => id)
      pick(page, !page.every(isPicked))
      setLast(null)
    },
    pickAll: (total) => setAll(total),
  }
}
