import { useQuery } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { Failure, Loading } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { useTexts } from '../../shell/texts.ts'
import { ActingTable } from './acting-table.tsx'
import { InvitationTable } from './invitation-table.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { MemberTable } from './member-table.tsx'
import { invitationsOptions, membersOptions } from './people.ts'

export function PeoplePage() {
  const { t } = useTexts()
  const [inviting, setInviting] = useState(false)
  const members = useQuery(membersOptions)
  const { data: invitations = [] } = useQuery(invitationsOptions)
  const invite = (
    <button type="button" className="btn" onClick={() => setInviting(true)}>
      <UserPlus aria-hidden />
      {t('people.invite')}
    </button>
  )
  return (
    <Page title={t('people.title')} lead={t('people.lead')} actions={invite}>
      {members.data ? (
        <MemberTable members={members.data} />
      ) : members.error ? (
        <Failure error={members.error} retry={() => void members.refetch()} />
      ) : (
        <Loading />
      )}
      {invitations.length > 0 && <InvitationTable invitations={invitations} />}
      <ActingTable />
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </Page>
  )
}
