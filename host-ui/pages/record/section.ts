import type { Field } from '../fields/field.ts'

export interface Section {
  key: string
  fields: Field[]
}

const SYSTEM = 'host:section.system'

/** What people wrote stands in the middle, what the system keeps or computes at the side. */
export function sectionsOf(fields: readonly Field[]): { main: Section[]; aside: Section[] } {
  const sections = new Map<string, Field[]>()
  for (const field of fields) {
    const key = field.section || (field.schema.readOnly ? SYSTEM : 'host:section.other')
    sections.set(key, [...(sections.get(key) ?? []), field])
  }
  const all = [...sections].map(([key, inside]) => ({ key, fields: inside }))
  return { main: all.filter(({ key }) => key !== SYSTEM), aside: all.filter(({ key }) => key === SYSTEM) }
}
