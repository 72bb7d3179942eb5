import { Pencil, Trash2, X } from 'lucide-react'
import { useState } from 'react'
import type { Page, Schema } from '../../sdk/index.ts'
import { api } from '../../shell/client.ts'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { Question } from '../../shell/dialog.tsx'
import { problemText } from '../../shell/problem.ts'
import { followTask } from '../../shell/tasks.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import type { Field } from '../fields/field.ts'
import { BulkEdit } from './bulk-edit.tsx'
import { filterOf } from './list-query.ts'
import type { Selection } from './use-selection.ts'
import { IconButton } from '../../shell/icon-button.tsx'

interface BulkBarProps {
  resource: Resource
  schema: Schema
  fields: Field[]
  query: Record<string, string>
  selection: Selection
  page: Page
}

/** What can be done with the rows that are picked. */
export function BulkBar({ resource, schema, fields, query, selection, page }: BulkBarProps) {
  const { t } = useTexts()
  const { can } = useComposition()
  const [asking, setAsking] = useState<'edit' | 'delete' | null>(null)
  const { begin, busy } = useBatch(resource, query, selection, () => setAsking(null))
  const count = selection.all ?? selection.ids.size
  if (count === 0) return null
  return (
    <section className="bulk-bar" aria-label={t('bulk.label')}>
      <p role="status">{t(selection.all === null ? 'bulk.count' : 'bulk.all', { count })}</p>
      {selection.all === null && page.next && (
        <PickAll resource={resource} query={query} onPicked={selection.pickAll} />
      )}
      <div className="bulk-actions">
        {can(`${resource.name}.update`) && (
          <button type="button" className="btn" data-variant="outline" data-size="sm" onClick={() => setAsking('edit')}>
            <Pencil aria-hidden />
            {t('bulk.edit')}
          </button>
        )}
        {can(`${resource.name}.delete`) && (
          <button
            type="button"
            className="btn"
            data-variant="outline"
            data-size="sm"
            onClick={() => setAsking('delete')}
          >
            <Trash2 aria-hidden />
            {t('action.delete')}
          </button>
        )}
        <IconButton icon={X} label={t('bulk.clear')} onClick={selection.clear} />
      </div>
      {asking === 'edit' && (
        <BulkEdit
          {...{ resource, schema, fields, count, busy }}
          onSubmit={(update) => begin({ update })}
          onClose={() => setAsking(null)}
        />
      )}
      {asking === 'delete' && (
        <Question
          title={t('bulk.delete.title', { count })}
          text={t('bulk.delete.text')}
          yes={t('action.delete')}
          danger
          busy={busy}
          onYes={() => void begin({ delete: true })}
          onNo={() => setAsking(null)}
        />
      )}
    </section>
  )
}

function useBatch(resource: Resource, query: Record<string, string>, selection: Selection, onBegun: () => void) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  async function begin(verb: object) {
    setBusy(true)
    try {
      // The count is what the person has seen: where others match by now, nothing is done.
      const matching = { ...filterOf(query), expect: selection.all }
      const chosen = selection.all === null ? { ids: [...selection.ids] } : matching
      const { task } = await api.create<{ task: string }>(`${resource.path}/batch`, { ...chosen, ...verb })
      followTask(task)
      selection.clear()
      onBegun()
    } catch (error) {
      notify(problemText(error, t), 'error')
    } finally {
      setBusy(false)
    }
  }
  return { begin, busy }
}

interface PickAllProps {
  resource: Resource
  query: Record<string, string>
  onPicked(total: number): void
}

function PickAll({ resource, query, onPicked }: PickAllProps) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  async function pick() {
    setBusy(true)
    try {
      const { after: _after, sort: _sort, ...asked } = query
      const { total } = await api.list(resource.path, { ...asked, limit: '1', count: 'exact' })
      onPicked(total.value)
    } catch (error) {
      notify(problemText(error, t), 'error')
    } finally {
      setBusy(false)
    }
  }
  return (
    <button type="button" className="link-button" disabled={busy} onClick={() => void pick()}>
      {t('bulk.pickAll')}
    </button>
  )
}
