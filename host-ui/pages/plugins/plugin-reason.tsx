import { useMutation } from '@tanstack/react-query'
import { RotateCcw } from 'lucide-react'
import { api, queries } from '../../shell/client.ts'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { type Plugin, pluginsOptions } from './plugin.ts'

/** Why a plugin does not work, and what mends it, in the words and language of the server's answer. */
export function PluginReason({ plugin: { id, resumable, reason }, name }: { plugin: Plugin; name: string }) {
  const { t } = useTexts()
  const { mutate, isPending } = useMutation({
    mutationFn: () => api.send('POST', `/api/plugins/${id}/resume`),
    onSuccess: () => {
      notify(t('plugins.resumed', { name }))
      return queries.invalidateQueries({ queryKey: pluginsOptions.queryKey })
    },
    onError: (error) => notify(problemText(error, t), 'error'),
  })
  if (!reason) return null
  return (
    <>
      <dl className="plugin-summary">
        <dt className="font-medium">{t('plugins.reason')}</dt>
        <dd className="mb-2 break-words">{reason.rule}</dd>
        <dt className="font-medium">{t('plugins.mend')}</dt>
        <dd className="break-words">{reason.mend}</dd>
      </dl>
      {resumable && (
        <button
          type="button"
          className="btn"
          data-variant="outline"
          data-size="sm"
          aria-label={t('plugins.resume.of', { name })}
          aria-busy={isPending || undefined}
          onClick={() => !isPending && mutate()}
        >
          <RotateCcw aria-hidden />
          {t('plugins.resume')}
        </button>
      )}
    </>
  )
}
