import { lazy, Suspense, useState } from 'react'
import { api, queries } from '../../shell/client.ts'
import { recompose } from '../../shell/composition.tsx'
import { Dialog } from '../../shell/dialog.tsx'
import { Loading } from '../../shell/notice.tsx'
import { problemText } from '../../shell/problem.ts'
import { notify } from '../../shell/toast.tsx'
import { SecretList } from './secret-list.tsx'
import { type Plugin, pluginsOptions } from './plugin.ts'
import { usePluginTexts, useTexts } from '../../shell/texts.ts'

const SettingsForm = lazy(async () => ({ default: (await import('../../form/settings-form.tsx')).SettingsForm }))

export function SettingsDialog({ plugin, name, onClose }: { plugin: Plugin; name: string; onClose(): void }) {
  const { t } = useTexts()
  const texts = usePluginTexts(plugin.id)
  const [problem, setProblem] = useState('')
  async function save(settings: Record<string, unknown>) {
    try {
      const next = await api.send<Plugin>('PATCH', `/api/plugins/${plugin.id}`, { settings })
      queries.setQueryData(pluginsOptions.queryKey, (all) => all?.map((each) => (each.id === plugin.id ? next : each)))
      notify(t('plugins.settings.saved', { name }))
      onClose()
      await recompose()
    } catch (error) {
      setProblem(problemText(error, t))
    }
  }
  return (
    <Dialog title={t('plugins.settings.of', { name })} onClose={onClose} wide>
      <p role="alert" className="text-destructive mb-3 text-sm empty:hidden">
        {problem}
      </p>
      {plugin.secrets.length > 0 && <SecretList plugin={plugin} t={texts} />}
      {plugin.settingsSchema && (
        <Suspense fallback={<Loading />}>
          <SettingsForm
            schema={plugin.settingsSchema}
            value={plugin.settings}
            t={texts}
            onSubmit={save}
            onCancel={onClose}
          />
        </Suspense>
      )}
    </Dialog>
  )
}
