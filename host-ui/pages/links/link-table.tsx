import { Lock, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { formatDateTime } from '../../sdk/index.ts'
import { Question } from '../../shell/dialog.tsx'
import { localeOf } from '../../shell/i18n.ts'
import { usePluginName } from '../../shell/plugin-name.ts'
import { problemText } from '../../shell/problem.ts'
import { useUsers } from '../../shell/queries.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { When } from '../../shell/when.tsx'
import { PanelTable } from '../panel-table.tsx'
import { RecordLink } from '../record-link.tsx'
import { revokeLink, type SharedLink } from './link.ts'
import { IconButton } from '../../shell/icon-button.tsx'

export function LinkTable({ links }: { links: readonly SharedLink[] }) {
  const { t } = useTexts()
  const [revoked, setRevoked] = useState<SharedLink | null>(null)
  const columns = ['what', 'subject', 'created', 'expires', 'uses'].map((column) => t(`links.${column}`))
  return (
    <>
      <PanelTable label={t('links.title')} columns={columns} actions={t('links.actions')} stacked>
        {links.map((link) => (
          <LinkRow key={link.id} link={link} onRevoke={() => setRevoked(link)} />
        ))}
      </PanelTable>
      {revoked && <RevokeQuestion link={revoked} onClose={() => setRevoked(null)} />}
    </>
  )
}

const isPast = ({ expiresAt }: SharedLink) => expiresAt !== null && Date.parse(expiresAt) < Date.now()
const isOpen = (link: SharedLink) => link.revokedAt === null && link.usesLeft !== 0 && !isPast(link)

function LinkRow({ link, onRevoke }: { link: SharedLink; onRevoke(): void }) {
  const { t, i18n } = useTexts()
  const users = useUsers()
  const plugin = usePluginName()(link.plugin)
  const author = users.find(({ id }) => id === link.createdBy)?.name
  return (
    <tr>
      <th scope="row">
        <span className="flex items-center gap-1.5 font-medium">
          {plugin}
          {link.hasPassword && (
            <>
              <Lock aria-hidden className="text-muted-foreground size-3.5" />
              <span className="sr-only">{t('links.password')}</span>
            </>
          )}
        </span>
        <code className="text-muted-foreground text-xs font-normal">{link.name}</code>
      </th>
      <td data-label={t('links.subject')}>
        {link.subject ? <RecordLink resource={link.resource} id={link.subject} /> : '–'}
      </td>
      <td data-label={t('links.created')}>
        <When at={link.createdAt} />
        {author && <span className="text-muted-foreground block text-xs">{author}</span>}
      </td>
      <td data-label={t('links.expires')}>
        {link.revokedAt ? (
          <span className="badge" data-variant="secondary">
            {t('links.revoked')}
          </span>
        ) : link.expiresAt ? (
          formatDateTime(link.expiresAt, localeOf(i18n.language))
        ) : (
          t('links.never')
        )}
      </td>
      <td data-label={t('links.uses')}>
        {t('links.used', { count: link.usedCount })}
        <span className="text-muted-foreground block text-xs">
          {link.usesLeft === null ? t('links.unbounded') : t('links.left', { count: link.usesLeft })}
        </span>
      </td>
      <td className="text-right">
        {isOpen(link) && (
          <IconButton
            icon={Trash2}
            label={t('links.revoke.of', { name: `${plugin}, ${link.name}` })}
            tip={t('links.revoke')}
            onClick={onRevoke}
          />
        )}
      </td>
    </tr>
  )
}

function RevokeQuestion({ link, onClose }: { link: SharedLink; onClose(): void }) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  async function revoke() {
    setBusy(true)
    try {
      await revokeLink(link.id)
      notify(t('links.revoke.done'))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    onClose()
  }
  return (
    <Question
      title={t('links.revoke.title')}
      text={t('links.revoke.text')}
      yes={t('links.revoke')}
      danger
      busy={busy}
      onYes={() => void revoke()}
      onNo={onClose}
    />
  )
}
