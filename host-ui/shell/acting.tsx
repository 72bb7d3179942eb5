import { UserCog } from 'lucide-react'
import { useState } from 'react'
import { forgetDrafts } from '../form/draft.ts'
import { api } from './client.ts'
import { useComposition } from './composition.tsx'
import { problemText } from './problem.ts'
import { notify } from './toast.tsx'
import { useTexts } from './texts.ts'

/** A whole new page: nothing that one person was shown may stay for the other. */
async function change(method: 'POST' | 'DELETE', body?: object): Promise<void> {
  await api.send(method, '/api/session/acting', body)
  forgetDrafts()
  location.assign('/')
}

export const beginActing = (user: string): Promise<void> => change('POST', { user })

/** Says on every page that an administrator sits there, and leads back. */
export function Acting() {
  const { t } = useTexts()
  const { user, actingBy } = useComposition()
  const [busy, setBusy] = useState(false)
  if (!actingBy) return null
  async function end() {
    setBusy(true)
    try {
      await change('DELETE')
    } catch (error) {
      notify(problemText(error, t), 'error')
      setBusy(false)
    }
  }
  return (
    <div className="acting-bar" role="region" aria-label={t('acting.region')}>
      <UserCog aria-hidden className="size-4 shrink-0" />
      <p className="min-w-0 flex-1">{t('acting.text', { name: user.name, by: actingBy.name })}</p>
      <button
        type="button"
        className="btn"
        data-variant="outline"
        data-size="sm"
        disabled={busy}
        onClick={() => void end()}
      >
        {t('acting.end')}
      </button>
    </div>
  )
}
