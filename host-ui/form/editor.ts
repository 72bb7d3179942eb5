import { useEffect, useMemo, useRef, useState } from 'react'
import type { Schema } from 'weft/ui'
import { useChecks } from './checks.ts'
import { draftKey, useDraft } from './draft.ts'
import { fixedValues, formSchema, startValues } from './form-schema.ts'
import { applyPatch, patchOf, type Values } from './merge-patch.ts'
import { type EditorInput, useSaving } from './record-saving.ts'
import { type Base, baseOf } from './saving.ts'

/** The state of one record being written: values, errors, draft, conflicts, saving. */
export function useEditor(input: EditorInput) {
  const { schema, row, resource, initial } = input
  const [base, setBase] = useState<Base | undefined>(() => (row ? baseOf(schema, row) : undefined))
  const [fresh] = useState(() => startValues(schema, initial))
  const start = base?.values ?? fresh
  const [data, setData] = useState<Values>(start)
  const draft = useDraft(draftKey(resource.name, row?.id), start, data)
  const dirty = useMemo(() => Object.keys(patchOf(start, data)).length > 0, [start, data])
  const hidden = useMemo(() => settledReferences(schema, initial), [schema, initial])
  const asked = useMemo(
    () => formSchema(schema, data, { hidden, stored: base?.values ?? {}, fixed: fixedValues(schema, base?.row) }),
    [schema, data, hidden, base],
  )
  const checks = useChecks(asked, data)
  const saving = useSaving({ ...input, base, start, data, asked, setBase, setData, checks, draft })
  useFollowedRow(input, base, dirty, setBase, setData)
  useGuard(dirty && (Boolean(base) || !saving.done), input.onDirty)

  return {
    data,
    asked,
    dirty,
    errors: checks.errors,
    offered: draft.offered,
    ...saving,
    change: setData,
    leave: checks.leave,
    restore: () => {
      setData(applyPatch(data, draft.offered?.patch ?? {}))
      draft.dismiss()
    },
    discard: draft.discard,
  }
}

/** A reference that the page has filled in (the record that an entry belongs to) is no question to a person. */
function settledReferences(schema: Schema, initial: Values = {}): string[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>
  return Object.keys(initial).filter((name) => properties[name]?.['x-ref'] && properties[name]['x-ref'] !== 'users')
}

/** A row that was fetched again replaces an untouched form; a touched one joins the changes when it is saved. */
function useFollowedRow(
  { schema, row }: EditorInput,
  base: Base | undefined,
  dirty: boolean,
  setBase: (base: Base) => void,
  setData: (data: Values) => void,
) {
  useEffect(() => {
    if (!row || !base || dirty || row.version <= base.row.version) return
    const next = baseOf(schema, row)
    setBase(next)
    setData(next.values)
  }, [row, schema, base, dirty, setBase, setData])
}

function useGuard(dirty: boolean, onDirty: ((dirty: boolean) => void) | undefined) {
  const tell = useRef(onDirty)
  tell.current = onDirty
  useEffect(() => {
    tell.current?.(dirty)
    if (!dirty) return
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [dirty])
}
