import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { formatDate, formatDateTime } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'
import { localeOf } from '../../shell/i18n.ts'
import { Question } from '../../shell/dialog.tsx'
import { problemText } from '../../shell/problem.ts'
import { notify } from '../../shell/toast.tsx'
import { PanelTable } from '../panel-table.tsx'
import { type ApiKey, keysOptions } from './api-key.ts'
import { useTexts } from '../../shell/texts.ts'
import { IconButton } from '../../shell/icon-button.tsx'

export function KeyTable({ keys }: { keys: ApiKey[] }) {
  const { t } = useTexts()
  const [revoked, setRevoked] = useState<ApiKey | null>(null)
  const columns = ['name', 'permissions', 'createdAt', 'lastUsedAt', 'expiresAt'].map((column) => t(`keys.${column}`))
  return (
    <>
      <PanelTable label={t('keys.title')} columns={columns} actions={t('keys.actions')}>
        {keys.map((key) => (
          <KeyRow key={key.id} apiKey={key} onRevoke={() => setRevoked(key)} />
        ))}
      </PanelTable>
      {revoked && <RevokeQuestion apiKey={revoked} onClose={() => setRevoked(null)} />}
    </>
  )
}

const isOver = ({ expiresAt }: ApiKey) => expiresAt !== null && Date.parse(expiresAt) < Date.now()

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke(): void }) {
  const { t, i18n } = useTexts()
  const lang = localeOf(i18n.language)
  return (
    <tr>
      <th scope="row" className="font-medium">
        {apiKey.name}
      </th>
      <td>
        <span title={apiKey.permissions.join(', ')}>{t('keys.count', { count: apiKey.permissions.length })}</span>
      </td>
      <td>{formatDate(apiKey.createdAt, lang)}</td>
      <td>{apiKey.usedAt ? formatDateTime(apiKey.usedAt, lang, 'relative') : t('keys.never')}</td>
      <td>
        {isOver(apiKey) ? (
          <span className="badge" data-variant="destructive">
            {t('keys.expired')}
          </span>
        ) : (
          formatDate(apiKey.expiresAt, lang) || t('keys.lifetime.0')
        )}
      </td>
      <td className="text-right">
        <IconButton
          icon={Trash2}
          label={t('keys.revoke.of', { name: apiKey.name })}
          tip={t('keys.revoke')}
          onClick={onRevoke}
        />
      </td>
    </tr>
  )
}

function RevokeQuestion({ apiKey, onClose }: { apiKey: ApiKey; onClose(): void }) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  async function revoke() {
    setBusy(true)
    try {
      await api.send('DELETE', `/api/api-keys/${apiKey.id}`)
      notify(t('keys.revoked', { name: apiKey.name }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    await queries.invalidateQueries({ queryKey: keysOptions.queryKey })
    onClose()
  }
  return (
    <Question
      title={t('keys.revoke.title', { name: apiKey.name })}
      text={t('keys.revoke.text')}
      yes={t('keys.revoke')}
      danger
      busy={busy}
      onYes={() => void revoke()}
      onNo={onClose}
    />
  )
}
