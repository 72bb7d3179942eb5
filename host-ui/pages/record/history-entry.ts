import { type Field, SYSTEM } from '../fields/field.ts'
import { labelOf, type Reading, textOf } from '../fields/text.ts'

export interface HistoryEntry {
  id: string
  at: string
  event: string
  /** Null for a decision on a change. */
  resource: string | null
  rowId: string | null
  /** Null where nobody but the system acted; without a name where somebody has left. */
  actor: { id: string; name: string | null } | null
  actorKind: string
  /** Who did it in the name of the actor. */
  actingBy?: { id: string; name: string } | null
  changes: { field: string; before: unknown; after: unknown }[]
}

/** The words for who acted and is no user. */
export const STRANGERS: Record<string, string> = {
  link: 'history.link',
  public: 'history.public',
  system: 'history.system',
}

export type Verb = 'created' | 'updated' | 'deleted' | 'restored' | 'other'

export interface Line {
  path: string
  label: string
  before: string
  after: string
}

const VERBS: Verb[] = ['created', 'updated', 'deleted', 'restored']

export function verbOf({ event }: Pick<HistoryEntry, 'event'>): Verb {
  return VERBS.find((verb) => event.endsWith(`.${verb}`)) ?? 'other'
}

/** What somebody decided of a change that waited. */
export const decisionOf = ({ event }: Pick<HistoryEntry, 'event'>): string | undefined =>
  /^proposals\.(held|approved|rejected|failed)$/.exec(event)?.[1]

const QUIET = new Set(['id', 'version', 'deletedAt', ...SYSTEM])

/**
 * What changed, in the words of the form. Fields that only the machine keeps are left out: system fields, normalised
 * phones, and the reference of a belonging row to the record one is looking at.
 */
export function linesOf(entry: HistoryEntry, fields: readonly Field[], recordId: string, reading: Reading): Line[] {
  const known = new Map(fields.map((field) => [field.path, field]))
  const told = entry.changes.filter(({ field, before, after }) => {
    if (QUIET.has(field) || (!known.has(field) && field.endsWith('E164'))) return false
    return before !== recordId && after !== recordId
  })
  const lines = told.map(({ field, before, after }) => lineOf(known.get(field), field, { before, after }, reading))
  const order = fields.map(({ path }) => path)
  const rank = (path: string) => (order.indexOf(path) + order.length + 1) % (order.length + 1)
  return lines.filter(({ before, after }) => before !== after).toSorted((a, b) => rank(a.path) - rank(b.path))
}

function lineOf(
  field: Field | undefined,
  path: string,
  change: { before: unknown; after: unknown },
  reading: Reading,
): Line {
  // The plugin that knew the field may be gone; what was written is still told.
  const say = (value: unknown) => (field ? textOf(field, value, reading) : plain(value))
  const label = field ? labelOf(field, reading) : path.slice(path.lastIndexOf('.') + 1)
  return { path, label, before: say(change.before), after: say(change.after) }
}

const plain = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)

interface Said {
  verb: Verb
  own: boolean
  who: string
  what: string
  labels: readonly string[]
}

const NAMED = 3

/** One sentence: who did what to this record, or to something that belongs to it. */
export function sentenceOf({ verb, own, who, what, labels }: Said, { t, lang }: Reading): string {
  const key = `history.${own ? 'own' : 'other'}.${verb}`
  if (verb !== 'updated' || labels.length === 0) return t(key, { who, what, fields: t('history.something') })
  const shown =
    labels.length > NAMED
      ? [...labels.slice(0, NAMED - 1), t('history.more', { count: labels.length - NAMED + 1 })]
      : labels
  return t(key, { who, what, fields: new Intl.ListFormat(lang).format(shown) })
}
