import { useQuery } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { useSearch } from 'wouter'
import { api, refetchRecords } from '../../shell/client.ts'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { recall, remember } from '../../shell/memory.ts'
import type { Columns } from './use-columns.ts'
import type { ListPlace } from './use-list-state.ts'
import { askedBy, isChanged, patchOf, stateOf, type View } from './view.ts'

const PATH = '/api/views'
/** In the address: the whole list, though another view is the default. */
const EVERYTHING = 'all'
const NONE: View[] = []

export interface Views {
  all: View[]
  current: View | undefined
  /** Whether the address asks nothing. */
  isWhole: boolean
  changed: boolean
  /** Null where no view is. */
  standard: string | null
  maySave: boolean
  mayWrite(view: View): boolean
  mayRemove(view: View): boolean
  show(view: View | null): void
  save(name: string, isShared: boolean): Promise<void>
  update(view: View): Promise<void>
  describe(view: View, name: string, isShared: boolean): Promise<void>
  remove(view: View): Promise<void>
  makeStandard(view: View | null): void
}

/** The saved views of a list, and which of them the address shows. */
export function useViews(resource: Resource, place: ListPlace, columns: Columns): Views {
  const { tenant, user, role, can } = useComposition()
  const memory = `weft.view.${tenant.slug}.${resource.name}`
  const [standard, setStandard] = useState(() => recall<string>(memory) ?? null)
  const { data, isSuccess } = useQuery({
    queryKey: ['views', 'list', resource.name],
    queryFn: () => api.list<View>(PATH, { resource: resource.name, sort: 'name', limit: 200 }),
    enabled: can('views.read'),
  })
  const all = data?.items ?? NONE
  const { state } = place
  const shown = columns.shown.map(({ path }) => path)
  const current = all.find(({ id }) => id === state.view)

  const show = (view: View | null, options?: { replace?: boolean }) => {
    if (!view) return place.change({ q: '', filters: [], sort: [], limit: state.limit, after: null, view: EVERYTHING })
    if (view.columns) columns.choose(view.columns)
    place.change(stateOf(view, state.limit), options)
  }
  useStandard(isSuccess ? all.find(({ id }) => id === standard) : undefined, (view) => show(view, { replace: true }))

  const isTheirs = (view: View) => view.createdBy === user.id || role === 'administrator'
  const changeStandard = (id: string | null) => {
    setStandard(id)
    remember(memory, id)
  }
  return {
    all,
    current,
    isWhole: !state.q && !state.filter && state.filters.length === 0 && state.sort.length === 0,
    changed: current !== undefined && isChanged(current, state, shown),
    standard,
    maySave: can('views.create'),
    mayWrite: (view) => can('views.update') && isTheirs(view),
    mayRemove: (view) => can('views.delete') && isTheirs(view),
    show,
    async save(name, isShared) {
      const body = { name, resource: resource.name, isShared, ...askedBy(state, shown) }
      const made = await api.create<View>(PATH, body)
      await refetchRecords('views')
      place.change({ ...state, view: made.id })
    },
    async update(view) {
      await api.update(PATH, view, patchOf(view, askedBy(state, shown)))
      await refetchRecords('views')
    },
    async describe(view, name, isShared) {
      await api.update(PATH, view, { name, isShared })
      await refetchRecords('views')
    },
    async remove(view) {
      await api.remove(PATH, view)
      if (standard === view.id) changeStandard(null)
      show(null)
      await refetchRecords('views')
    },
    makeStandard: (view) => changeStandard(view?.id ?? null),
  }
}

/** A list that is opened without a question shows the view that is the default here. */
function useStandard(view: View | undefined, show: (view: View) => void): void {
  const search = useSearch()
  const opened = useRef(search === '')
  const open = useEffectEvent(show)
  useEffect(() => {
    if (!view || !opened.current) return
    opened.current = false
    if (search === '') open(view)
  }, [view, search])
}
