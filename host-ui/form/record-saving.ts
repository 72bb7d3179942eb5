import { useRef, useState } from 'react'
import { type Api, ApiProblem, type Row, type Schema } from 'weft/ui'
import type { useChecks } from './checks.ts'
import type { useDraft } from './draft.ts'
import { type Conflict, type Values, withValue } from './merge-patch.ts'
import { fieldPointer } from './problem-text.ts'
import { type Base, baseOf, saveChanges, settled } from './saving.ts'
import { problemsOf } from './validation.ts'

export interface EditorInput {
  readonly schema: Schema
  readonly row: Row | undefined
  readonly api: Api
  readonly resource: { readonly name: string; readonly path: string }
  readonly initial: Values | undefined
  onSaved(row: Row, outcome: { joined: boolean }): void
  onDirty?: ((dirty: boolean) => void) | undefined
  /** Fields were refused: the first of them wants the focus. */
  onRefused(pointers: readonly string[]): undefined
  /** Something else stands in the way, which is said above the form. */
  onBlocked(): undefined
}

interface SavingInput extends EditorInput {
  readonly base: Base | undefined
  readonly start: Values
  readonly data: Values
  readonly asked: Schema
  setBase(base: Base): void
  setData(data: Values): void
  readonly checks: ReturnType<typeof useChecks>
  readonly draft: ReturnType<typeof useDraft>
}

/** What happens from the press of the button to the row, or to the reasons why not. */
export function useSaving(input: SavingInput) {
  const { api, schema, resource, base, start, data, asked, setBase, setData, checks } = input
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState(false)
  const [problem, setProblem] = useState<ApiProblem>()
  const [conflicts, setConflicts] = useState<readonly Conflict[]>([])
  const key = useRef({ body: '', key: '' })

  async function send(values: Values) {
    const idempotencyKey = keyFor(key.current, values)
    if (base) return saveChanges({ api, path: resource.path, schema, base, values, idempotencyKey })
    const row = await api.create(resource.path, values, { idempotencyKey })
    return { is: 'saved', row, joined: false } as const
  }

  async function save() {
    if (busy) return
    checks.attempt()
    const values = settled(schema, base ? start : {}, data)
    const found = problemsOf(asked, values)
    setData(values)
    setProblem(undefined)
    checks.refuse([], values)
    if (found.length > 0) return void input.onRefused(found.map(({ path }) => fieldPointer(path)))
    setBusy(true)
    const saved = await send(values).catch((cause: unknown) => refused(cause, values))
    setBusy(false)
    if (saved?.is === 'saved') finish(saved.row, saved.joined)
    else if (saved) {
      setBase(saved.base)
      setData(saved.merged)
      setConflicts(saved.conflicts)
      input.onBlocked()
    }
  }

  function refused(cause: unknown, values: Values): undefined {
    const said = cause instanceof ApiProblem ? cause : new ApiProblem(500, String(cause))
    // A fault of the whole body or of a header belongs beside no field.
    const entries = said.status < 500 ? said.errors.filter(({ path }) => path.startsWith('/')) : []
    checks.refuse(entries, values)
    if (entries.length > 0) return input.onRefused(entries.map(({ path }) => fieldPointer(path)))
    setProblem(said)
    return input.onBlocked()
  }

  /** The page hears that nothing is unsaved before it hears of the row: it may go elsewhere at once. */
  function finish(row: Row, joined: boolean) {
    input.draft.close()
    setDone(true)
    setConflicts([])
    if (base) {
      const next = baseOf(schema, row)
      setBase(next)
      setData(next.values)
    }
    input.onDirty?.(false)
    input.onSaved(row, { joined })
  }

  const settle = ({ path, theirs, mine }: Conflict, side: 'mine' | 'theirs') =>
    setData(withValue(data, path, side === 'theirs' ? theirs : mine))
  return { busy, done, problem, conflicts, save, settle }
}

/** The same body sent twice is one creation, however often the line breaks; another body is another. */
function keyFor(last: { body: string; key: string }, values: Values): string {
  const body = JSON.stringify(values)
  if (last.body !== body)
    Object.assign(last, { body, key: Array.from(crypto.getRandomValues(new Uint32Array(4))).join('-') })
  return last.key
}
