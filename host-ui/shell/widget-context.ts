import { useMemo } from 'react'
import { useLocation } from 'wouter'
import type { Row, Schema, WidgetContext } from '../sdk/index.ts'
import { api, queries, refetchRecords } from './client.ts'
import { useComposition } from './composition.tsx'
import { listenToChanges } from './live.ts'
import { schemaOptions } from './queries.ts'
import { notify } from './toast.tsx'
import { textsOf, useTexts } from './texts.ts'

export interface RecordInView {
  resource: string
  id: string
  row: Row
}

const NONE = {}

/** What a widget of `plugin` gets: new when the record, the language or the rights change, else the same object. */
export function useWidgetContext(plugin: string, record?: RecordInView): WidgetContext {
  const { i18n } = useTexts()
  const { can, settings } = useComposition()
  const own = settings[plugin] ?? NONE
  const [, navigate] = useLocation()
  const lang = i18n.language
  const { resource, id, row } = record ?? {}
  return useMemo(
    () => ({
      ...(resource && id && row ? { record: { resource, id, row } } : {}),
      api,
      t: textsOf(i18n, lang, [plugin, 'host']),
      lang,
      settings: own,
      can,
      navigate,
      notify: (message, kind) => notify(message, kind),
      refresh: () => void (resource ? refetchRecords(resource) : queries.invalidateQueries()),
      watch: (name, changed) =>
        listenToChanges((changes) => {
          const isShown = (rowId: string | null, recordId: string | null) => !id || id === rowId || id === recordId
          const isMeant = changes?.some((each) => each.resource === name && isShown(each.rowId, each.recordId))
          if (isMeant ?? true) changed()
        }),
      schemas: (name) => queries.fetchQuery({ ...schemaOptions(name), staleTime: 60_000 }) as Promise<Schema>,
      sheet: sharedSheet(),
    }),
    [plugin, resource, id, row, lang, i18n, own, can, navigate],
  )
}

let sheet: CSSStyleSheet | undefined

/** The page's own rules, parsed once more and shared by every shadow root that adopts them. */
function sharedSheet(): CSSStyleSheet {
  if (sheet) return sheet
  sheet = new CSSStyleSheet()
  const rules = [...document.styleSheets].flatMap((each) => [...each.cssRules].map((rule) => rule.cssText))
  sheet.replaceSync(rules.join('\n'))
  return sheet
}
