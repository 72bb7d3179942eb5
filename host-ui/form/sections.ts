import type { Schema } from 'weft/ui'

export interface Section {
  /** Empty where the schema gives no `x-section`. */
  readonly name: string
  readonly fields: readonly string[]
}

/** Fields by `x-section`, in the order of `x-order`; a section stands where its first field would. */
export function sectionsOf(properties: Readonly<Record<string, Schema>>): Section[] {
  const sections = new Map<string, string[]>()
  for (const [name, property] of inOrder(properties)) {
    const section = String(property['x-section'] ?? '')
    sections.set(section, [...(sections.get(section) ?? []), name])
  }
  const named = [...sections].filter(([name]) => name !== '')
  const rest = [...sections].filter(([name]) => name === '')
  return [...named, ...rest].map(([name, fields]) => ({ name, fields }))
}

const inOrder = (properties: Readonly<Record<string, Schema>>) =>
  Object.entries(properties).sort(([, a], [, b]) => order(a) - order(b))

const order = (property: Schema): number => Number(property['x-order'] ?? Number.MAX_SAFE_INTEGER)
