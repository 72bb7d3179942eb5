import { RotateCw, X } from 'lucide-react'
import { formatDate } from '../../sdk/index.ts'
import { api } from '../../shell/client.ts'
import { localeOf } from '../../shell/i18n.ts'
import { useTexts } from '../../shell/texts.ts'
import { PanelTable } from '../panel-table.tsx'
import { useRoleNames } from '../roles/use-role-names.ts'
import { useAct } from './member-table.tsx'
import type { Invitation } from './people.ts'
import { IconButton } from '../../shell/icon-button.tsx'

export function InvitationTable({ invitations }: { invitations: readonly Invitation[] }) {
  const { t } = useTexts()
  return (
    <section className="mt-8">
      <h2 className="mb-3 font-semibold">{t('people.invitations')}</h2>
      <PanelTable
        label={t('people.invitations')}
        columns={['email', 'role', 'state', 'expires'].map((column) => t(`people.${column}`))}
        actions={t('keys.actions')}
      >
        {invitations.map((invitation) => (
          <InvitationRow key={invitation.id} invitation={invitation} />
        ))}
      </PanelTable>
    </section>
  )
}

function stateOf({ sent, reason, expiresAt }: Invitation): 'expired' | 'failed' | 'sent' | 'waiting' {
  if (Date.parse(expiresAt) < Date.now()) return 'expired'
  if (reason) return 'failed'
  return sent ? 'sent' : 'waiting'
}

function InvitationRow({ invitation }: { invitation: Invitation }) {
  const { t, i18n } = useTexts()
  const act = useAct()
  const { nameOf } = useRoleNames()
  const { id, email, role, expiresAt } = invitation
  const state = stateOf(invitation)
  const variant = state === 'expired' || state === 'failed' ? 'destructive' : 'secondary'
  return (
    <tr>
      <th scope="row" className="font-medium">
        {email}
      </th>
      <td>{nameOf(role)}</td>
      <td>
        <span className="badge" data-variant={variant}>
          {t(`people.invitation.${state}`)}
        </span>
      </td>
      <td>{formatDate(expiresAt, localeOf(i18n.language))}</td>
      <td className="text-right whitespace-nowrap">
        <IconButton
          icon={RotateCw}
          label={t('people.again.of', { email })}
          tip={t('people.again')}
          onClick={() =>
            void act(t('people.invited', { email }), () => api.send('POST', '/api/invitations', { email, role }))
          }
        />
        <IconButton
          icon={X}
          label={t('people.revoke.of', { email })}
          tip={t('people.revoke')}
          onClick={() => void act(t('people.revoked', { email }), () => api.send('DELETE', `/api/invitations/${id}`))}
        />
      </td>
    </tr>
  )
}
