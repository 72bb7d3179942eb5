import { useMemo } from 'react'
import { useLocation, useSearch } from 'wouter'
import { useHistoryState } from 'wouter/use-browser-location'
import { type Filter, type ListState, readListState, withFilters, writeListState } from './list-state.ts'

/** Cursors of the pages before this one; a keyset knows no way back, the browser's history entry does. */
type Trail = readonly (string | null)[]

export interface ListPlace {
  state: ListState
  trail: Trail
  change(next: ListState, options?: { replace?: boolean }): void
  filter(path: string, filters: Filter[]): void
  clear(): void
  forward(cursor: string): void
  back(): void
}

const NO_TRAIL: Trail = []

export function useListState(): ListPlace {
  const search = useSearch()
  const [path, navigate] = useLocation()
  const trail = useHistoryState<{ trail?: Trail } | null>()?.trail ?? NO_TRAIL
  const state = useMemo(() => readListState(search), [search])

  const go = (next: ListState, options: { replace?: boolean; trail?: Trail } = {}) => {
    const text = writeListState(next)
    const { replace, trail: kept = NO_TRAIL } = options
    navigate(text ? `${path}?${text}` : path, { replace, state: kept.length > 0 ? { trail: kept } : null })
  }
  return {
    state,
    trail,
    change: (next, options) => go({ ...next, after: null }, options),
    filter: (field, filters) => go(withFilters(state, field, filters)),
    clear: () => go({ ...state, q: '', filters: [], after: null, filter: undefined }),
    forward: (cursor) => go({ ...state, after: cursor }, { trail: [...trail, state.after] }),
    back: () => go({ ...state, after: trail.at(-1) ?? null }, { trail: trail.slice(0, -1) }),
  }
}
