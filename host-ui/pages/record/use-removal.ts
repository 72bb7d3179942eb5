import type { Query } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { ApiProblem, type Row } from '../../sdk/index.ts'
import { api, queries, refetchRecords } from '../../shell/client.ts'
import type { Resource } from '../../shell/composition.tsx'
import { leaveRow } from '../../shell/live.ts'
import { problemText } from '../../shell/problem.ts'
import { rowOptions } from '../../shell/queries.ts'
import { notify } from '../../shell/toast.tsx'
import { trailOf } from './trail.ts'
import { useTexts } from '../../shell/texts.ts'

/** Deleting asks nothing, because it can be undone from the message that tells of it. */
export function useRemoval(resource: Resource, row: Row, name: string) {
  const { t } = useTexts()
  const [, navigate] = useLocation()
  const [busy, setBusy] = useState(false)
  const { queryKey } = rowOptions(resource, row.id)

  async function remove() {
    setBusy(true)
    try {
      await leaveRow(row.id, async () => {
        await api.remove(resource.path, row)
        navigate(trailOf(resource).back)
        // Its page may still be drawn for a moment: what it shows is not to be asked for again.
        const others = ({ queryKey: key }: Query) => key[2] !== row.id
        await queries.invalidateQueries({ queryKey: [resource.name], predicate: others })
        queries.removeQueries({ queryKey })
      })
      notify(t('record.deleted', { name }), 'success', { label: t('action.undo'), run: restore })
    } catch (error) {
      const isHeld = error instanceof ApiProblem && error.status === 202
      notify(problemText(error, t), isHeld ? 'info' : 'error')
      await queries.invalidateQueries({ queryKey })
    } finally {
      setBusy(false)
    }
  }
  async function restore() {
    try {
      await api.restore(resource.path, row.id)
      await refetchRecords(resource.name)
      notify(t('record.restored', { name }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
  }
  return { remove, busy }
}
