import { useMutation } from '@tanstack/react-query'
import { api, queries } from '../../shell/client.ts'
import { recompose } from '../../shell/composition.tsx'
import { problemText } from '../../shell/problem.ts'
import { notify } from '../../shell/toast.tsx'
import { involvedPlugins, inWords, type Plugin, pluginsOptions } from './plugin.ts'
import { useTexts } from '../../shell/texts.ts'

/** The switch moves at once and moves back when the server refuses. */
export function useSwitch(plugin: Plugin, plugins: readonly Plugin[]) {
  const { t, i18n } = useTexts()
  const lang = i18n.language
  const name = inWords(plugin.name, lang)
  const show = (enabled: boolean) =>
    queries.setQueryData(pluginsOptions.queryKey, (all) =>
      all?.map((each) => (each.id === plugin.id ? { ...each, enabled } : each)),
    )

  const mutation = useMutation({
    mutationFn: (enabled: boolean) => api.send<Plugin>('PATCH', `/api/plugins/${plugin.id}`, { enabled }),
    onMutate: async (enabled) => {
      await queries.cancelQueries({ queryKey: pluginsOptions.queryKey })
      show(enabled)
    },
    onSuccess: async (_, enabled) => {
      await recompose()
      notify(t(enabled ? 'plugins.on' : 'plugins.off', { name }))
    },
    onError: (error, enabled) => {
      show(!enabled)
      const names = new Intl.ListFormat(lang).format(involvedPlugins(error, plugins, lang))
      const refused = names
        ? t(enabled ? 'plugins.missing' : 'plugins.requiredBy', { name, names })
        : problemText(error, t)
      notify(refused, 'error')
    },
  })
  return { flip: () => mutation.mutateAsync(!plugin.enabled).catch(() => undefined), busy: mutation.isPending }
}
