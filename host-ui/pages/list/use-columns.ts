import { useMemo, useState } from 'react'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { recall, remember } from '../../shell/memory.ts'
import type { Field } from '../fields/field.ts'
import { type ColumnChoice, isDefault, shownFields } from './column.ts'

export interface Columns {
  shown: Field[]
  isShown(field: Field): boolean
  changed: boolean
  toggle(field: Field): void
  /** Shows these and no others. */
  choose(paths: readonly string[]): void
  reset(): void
}

export function useColumns(resource: Resource, fields: Field[]): Columns {
  const { tenant } = useComposition()
  const memory = `weft.columns.${tenant.slug}.${resource.name}`
  const [choice, setChoice] = useState<ColumnChoice>(() => recall(memory) ?? {})
  const shown = useMemo(() => shownFields(fields, choice), [fields, choice])
  const keep = (next: ColumnChoice) => {
    setChoice(next)
    remember(memory, next)
  }
  const isShown = (field: Field) => choice[field.path] ?? isDefault(field)
  return {
    shown,
    isShown,
    changed: fields.some((field) => isShown(field) !== isDefault(field)),
    toggle: (field) => keep({ ...choice, [field.path]: !isShown(field) }),
    choose: (paths) => keep(Object.fromEntries(fields.map(({ path }) => [path, paths.includes(path)]))),
    reset: () => keep({}),
  }
}
