import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { createContext, useContext, useMemo, type ReactNode } from 'react'
import { api, queries } from './client.ts'
import { addPluginTexts, type Language, rememberLanguage, i18n } from './i18n.ts'
import type { Session } from './session.tsx'
import { useTexts } from './texts.ts'

export interface Resource {
  name: string
  plugin: string
  path: string
  belongsTo: string | null
  title: string[]
  sort: string
  /** Only records have a past, and can be restored. */
  keep: 'record' | 'log' | 'scratch'
}

export interface Contribution {
  plugin: string
  id: string
  slot: string
  of: string | null
  tag: string
  module: string
}

/** What the enabled plugins compose for this person in this organisation: `GET /api/ui`. */
interface Interface extends Session {
  permissions: string[]
  resources: Resource[]
  plugins: string[]
  /** Names of the lists of values that it has. */
  lists: string[]
  widgets: Contribution[]
  /** This organisation's settings of each plugin. */
  settings: Record<string, Record<string, unknown>>
  locales: Record<string, Record<string, string>>
}

export interface Composition extends Interface {
  can(permission: string): boolean
  resource(name: string): Resource | undefined
  slot(name: string, of?: string): Contribution[]
}

const CompositionContext = createContext<Composition | null>(null)

const options = (language: string) => ({
  queryKey: ['ui', language],
  queryFn: () => readInterface(language),
  staleTime: 60_000,
  refetchOnWindowFocus: true,
})

async function readInterface(language: string): Promise<Interface> {
  const ui = await api.get<Interface>('/api/ui', { lang: language })
  addPluginTexts(language, ui.locales)
  return ui
}

/** The texts of the plugins are there before the language changes: no page ever shows a bare key. */
export async function changeLanguage(language: Language): Promise<void> {
  await queries.fetchQuery(options(language))
  await i18n.changeLanguage(language)
  rememberLanguage(language)
  // Reasons come in the words of the server.
  void queries.invalidateQueries({ queryKey: ['plugins'] })
}

export function useInterface() {
  const { i18n: current } = useTexts()
  return useQuery({ ...options(current.language), placeholderData: keepPreviousData })
}

export function CompositionProvider({ ui, children }: { ui: Interface; children: ReactNode }) {
  const composition = useMemo(() => compose(ui), [ui])
  return <CompositionContext value={composition}>{children}</CompositionContext>
}

function compose(ui: Interface): Composition {
  const permissions = new Set(ui.permissions)
  const resources = new Map(ui.resources.map((resource) => [resource.name, resource]))
  return {
    ...ui,
    can: (permission) => permissions.has(permission),
    resource: (name) => resources.get(name),
    slot: (name, of) => ui.widgets.filter((widget) => widget.slot === name && (!of || widget.of === of)),
  }
}

export function useComposition(): Composition {
  const composition = useContext(CompositionContext)
  if (!composition) throw new Error('useComposition outside of <CompositionProvider>')
  return composition
}

/** After a plugin was switched: tabs, columns, filters, texts and rows are all other ones now. */
export async function recompose(): Promise<void> {
  await queries.invalidateQueries({ queryKey: ['ui'] })
  await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' && queryKey[0] !== 'ui' })
}
