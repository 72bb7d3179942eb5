import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, queries } from './client.ts'
import { Dialog } from './dialog.tsx'
import { Failure, Loading } from './notice.tsx'
import { type Preference, preferencesOptions } from './notices.ts'
import { problemText } from './problem.ts'
import { usePluginName } from './plugin-name.ts'
import { useTexts } from './texts.ts'
import { notify } from './toast.tsx'

/** How one wants to be told of each plugin; a tick counts at once. */
export function NoticePreferences({ onClose }: { onClose(): void }) {
  const { t } = useTexts()
  const { data: preferences, error, refetch } = useQuery(preferencesOptions)
  return (
    <Dialog title={t('notices.preferences.title')} text={t('notices.preferences.lead')} onClose={onClose} wide>
      {preferences ? (
        preferences.length > 0 ? (
          <PreferenceTable preferences={preferences} />
        ) : (
          <p className="text-muted-foreground text-sm">{t('notices.preferences.none')}</p>
        )
      ) : error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : (
        <Loading />
      )}
    </Dialog>
  )
}

function PreferenceTable({ preferences }: { preferences: readonly Preference[] }) {
  const { t } = useTexts()
  const nameOf = usePluginName()
  /** A tick moves at once, and moves back when the server refuses. */
  async function change(plugin: string, part: Partial<Preference>) {
    const { queryKey } = preferencesOptions
    queries.setQueryData(queryKey, (all) => all?.map((each) => (each.plugin === plugin ? { ...each, ...part } : each)))
    try {
      await api.send('PATCH', '/api/notifications/preferences', { plugin, ...part })
    } catch (error) {
      notify(problemText(error, t), 'error')
      await queries.invalidateQueries({ queryKey })
    }
  }
  return (
    <table className="table">
      <thead>
        <tr>
          <th scope="col">{t('notices.plugin')}</th>
          <th scope="col">{t('notices.inApp')}</th>
          <th scope="col">{t('notices.mail')}</th>
        </tr>
      </thead>
      <tbody>
        {preferences.map(({ plugin, inApp, mail }) => {
          const name = nameOf(plugin)
          return (
            <tr key={plugin}>
              <th scope="row">{name}</th>
              <td>
                <Tick
                  label={t('notices.inApp.of', { name })}
                  checked={inApp}
                  onChange={(next) => void change(plugin, { inApp: next })}
                />
              </td>
              <td>
                <Tick
                  label={t('notices.mail.of', { name })}
                  checked={mail}
                  onChange={(next) => void change(plugin, { mail: next })}
                />
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

/** It moves with the click: what is asked of the server is seen a moment later. */
function Tick({ label, checked, onChange }: { label: string; checked: boolean; onChange(next: boolean): void }) {
  const [known, setKnown] = useState(checked)
  const [mark, setMark] = useState(checked)
  if (known !== checked) {
    setKnown(checked)
    setMark(checked)
  }
  return (
    <input
      type="checkbox"
      className="input"
      aria-label={label}
      checked={mark}
      onChange={({ target }) => {
        setMark(target.checked)
        onChange(target.checked)
      }}
    />
  )
}
