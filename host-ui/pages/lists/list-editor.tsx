import { Plus } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { api, queries } from '../../shell/client.ts'
import { recompose } from '../../shell/composition.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { type Draft, draftsOf, isNamed, labelKeyOf, listsOptions, moved, type ValueList, valuesOf } from './list.ts'
import { ValueRow } from './value-row.tsx'

function useDrafts(list: ValueList) {
  const { t } = useTexts()
  const [drafts, setDrafts] = useState(() => draftsOf(list))
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const isChanged = JSON.stringify(valuesOf(drafts)) !== JSON.stringify(valuesOf(draftsOf(list)))
  const change = (key: string, more: Partial<Draft>) =>
    setDrafts((all) => all.map((each) => (each.key === key ? { ...each, ...more } : each)))
  async function save() {
    if (!drafts.every(isNamed)) return setProblem(t('lists.needsName'))
    setBusy(true)
    try {
      await api.send('PATCH', `/api/lists/${list.name}`, { version: list.version, values: valuesOf(drafts) })
      await queries.invalidateQueries({ queryKey: listsOptions.queryKey })
      await recompose()
      notify(t('lists.saved', { name: t(labelKeyOf(list)) }))
    } catch (error) {
      setProblem(problemText(error, t))
      setBusy(false)
    }
  }
  const reset = () => {
    setDrafts(draftsOf(list))
    setProblem('')
  }
  return { drafts, setDrafts, change, save, reset, busy, problem, isChanged }
}

/** One list: its values in their order. Nothing is kept before it is saved. */
export function ListEditor({ list }: { list: ValueList }) {
  const { t } = useTexts()
  const id = useId()
  const { drafts, setDrafts, change, save, reset, busy, problem, isChanged } = useDrafts(list)
  const [spoken, setSpoken] = useState('')
  const [fresh, setFresh] = useState('')
  const rows = useRef<HTMLOListElement>(null)
  const name = t(labelKeyOf(list))
  useEffect(() => {
    if (fresh) rows.current?.querySelector<HTMLInputElement>('li:last-child input[type="text"]')?.focus()
  }, [fresh])
  const move = (from: number, by: number) => {
    const to = from + by
    if (to < 0 || to >= drafts.length) return
    setDrafts(moved(drafts, from, to))
    setSpoken(t('lists.moved', { place: to + 1, total: drafts.length }))
  }
  const add = () => {
    const key = crypto.randomUUID()
    setDrafts([...drafts, { key, value: '', label: {}, isNew: true }])
    setFresh(key)
  }
  return (
    <section aria-labelledby={id} className="value-list" aria-busy={busy || undefined}>
      <h2 id={id}>{name}</h2>
      <ol ref={rows}>
        {drafts.map((draft, i) => (
          <ValueRow
            key={draft.key}
            draft={draft}
            isFirst={i === 0}
            isLast={i === drafts.length - 1}
            onChange={(more) => change(draft.key, more)}
            onMove={(by) => move(i, by)}
            onDrop={() => setDrafts(drafts.filter(({ key }) => key !== draft.key))}
          />
        ))}
      </ol>
      <p role="status" className="sr-only">
        {spoken}
      </p>
      <p role="alert" className="text-destructive text-sm empty:hidden">
        {problem}
      </p>
      <footer>
        <button type="button" className="btn" data-variant="outline" data-size="sm" onClick={add}>
          <Plus aria-hidden />
          {t('lists.add')}
        </button>
        {isChanged && (
          <span className="ms-auto flex gap-2">
            <button type="button" className="btn" data-variant="ghost" data-size="sm" disabled={busy} onClick={reset}>
              {t('lists.reset')}
            </button>
            <button type="button" className="btn" data-size="sm" disabled={busy} onClick={() => void save()}>
              {t('lists.save')}
            </button>
          </span>
        )}
      </footer>
    </section>
  )
}
