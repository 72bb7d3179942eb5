import type { Row, Schema } from '../../sdk/index.ts'
import { isActive } from '../../sdk/index.ts'

export interface Title {
  /** What the record is called. */
  main: string
  /** Who else is named: the person behind a company, the company of a person. */
  note: string
}

/**
 * Composes a record's name from `x-title`. Neighbours in that list that are personal data are one person's name, the
 * others one organisation's; whatever comes first leads. An extension whose fields bear the same names as a person's
 * adds a second person, as long as its `x-when` holds: "Emma Dupont & Hugo Martin".
 */
export function titleOf(row: Row, schema: Schema): Title {
  const properties = schema.properties as Record<string, Schema>
  const names = ((schema['x-title'] ?? []) as string[]).filter((name) => properties[name])
  const groups = groupsOf(names, properties)
  const parts = groups.map((group) => {
    const own = wordsOf(row, group)
    const personal = Boolean(properties[group[0]!]?.['x-personal'])
    return personal ? withOthers(own, group, row, properties.extensions) : own.join(' ')
  })
  const [main = '', ...rest] = parts.filter(Boolean)
  return { main, note: rest.join(' · ') }
}

function groupsOf(names: string[], properties: Record<string, Schema>): string[][] {
  const groups: string[][] = []
  const personal = (name: string) => Boolean(properties[name]?.['x-personal'])
  names.forEach((name, at) => {
    const before = names[at - 1]
    if (before !== undefined && personal(before) === personal(name)) groups.at(-1)!.push(name)
    else groups.push([name])
  })
  return groups
}

const wordsOf = (values: Record<string, unknown>, names: string[]): string[] =>
  names.map((name) => values[name]).filter((value): value is string => typeof value === 'string' && value !== '')

function withOthers(own: string[], group: string[], row: Row, extensions: Schema | undefined): string {
  const people = [own]
  for (const [plugin, extension] of Object.entries((extensions?.properties ?? {}) as Record<string, Schema>)) {
    const fields = (extension.properties ?? {}) as Record<string, Schema>
    const asked = group.filter((name) => fields[name] && isActive(fields[name], row))
    people.push(wordsOf(row.extensions?.[plugin] ?? {}, asked))
  }
  return joined(people.filter((words) => words.length > 0))
}

/** People who share their last name are called by it once: "Emma & Hugo Martin". */
function joined(people: string[][]): string {
  const last = people[0]?.at(-1)
  const shared = people.length > 1 && people.every((words) => words.length > 1 && words.at(-1) === last)
  const names = people.map((words) => (shared ? words.slice(0, -1) : words).join(' ')).join(' & ')
  return shared ? `${names} ${last}` : names
}
