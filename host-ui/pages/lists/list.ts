import { queryOptions } from '@tanstack/react-query'
import { api } from '../../shell/client.ts'

export interface ListValue {
  value: string
  label: { en?: string; fr?: string }
  color?: number
  archived?: boolean
}
export interface ValueList {
  /** `<plugin>.<list>` */
  name: string
  version: number
  values: ListValue[]
}

export const listsOptions = queryOptions({
  queryKey: ['lists'],
  queryFn: async () => (await api.get<{ items: ValueList[] }>('/api/lists')).items,
})

/** Where the plugin's texts name the list. */
export function labelKeyOf({ name }: Pick<ValueList, 'name'>): string {
  const [plugin, noun] = name.split('.')
  return `${plugin}:lists.${noun}`
}

/** A value that is edited; one that is new has no word for rows yet. */
export interface Draft extends ListValue {
  /** Stays the same while it is moved and renamed. */
  key: string
  isNew?: boolean
}

export const draftsOf = ({ values }: ValueList): Draft[] => values.map((each) => ({ ...each, key: each.value }))

export function moved(drafts: readonly Draft[], from: number, to: number): Draft[] {
  const rest = drafts.filter((_, i) => i !== from)
  return to < 0 || to >= drafts.length ? [...drafts] : rest.toSpliced(to, 0, drafts[from]!)
}

/** What rows hold for a label, unlike all that are taken. */
export function valueFor(label: string, taken: ReadonlySet<string>): string {
  const plain = label.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const word =
    plain
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 50) || 'value'
  for (let n = 1; ; n++) {
    const value = n === 1 ? word : `${word}-${n}`
    if (!taken.has(value)) return value
  }
}

/** As the server takes them. */
export function valuesOf(drafts: readonly Draft[]): ListValue[] {
  const taken = new Set(drafts.filter(({ isNew }) => !isNew).map(({ value }) => value))
  return drafts.map(({ value: known, isNew, label: given, color, archived }) => {
    const words = Object.entries(given).flatMap(([language, text]) => (text.trim() ? [[language, text.trim()]] : []))
    const label = Object.fromEntries(words) as ListValue['label']
    const value = isNew ? valueFor(label.en ?? label.fr ?? '', taken) : known
    taken.add(value)
    return { value, label, ...(color === undefined ? {} : { color }), ...(archived ? { archived } : {}) }
  })
}

export const isNamed = ({ label }: Pick<ListValue, 'label'>) => Object.values(label).some((text) => text.trim() !== '')
