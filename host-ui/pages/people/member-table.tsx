import { KeyRound, UserCheck, UserCog, UserMinus, UserX } from 'lucide-react'
import { useState } from 'react'
import { Avatar } from '../../shell/avatar.tsx'
import { beginActing } from '../../shell/acting.tsx'
import { api } from '../../shell/client.ts'
import { useComposition } from '../../shell/composition.tsx'
import { Question } from '../../shell/dialog.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { PanelTable } from '../panel-table.tsx'
import { RoleOptions } from '../roles/role-options.tsx'
import { explain, type Member, refetchPeople } from './people.ts'
import { IconButton } from '../../shell/icon-button.tsx'

type Act = 'suspend' | 'remove' | 'resetFactor' | 'act'

export function MemberTable({ members }: { members: readonly Member[] }) {
  const { t } = useTexts()
  const [asked, setAsked] = useState<{ act: Act; member: Member } | null>(null)
  return (
    <>
      <PanelTable
        label={t('people.members')}
        columns={['name', 'email', 'role', 'state'].map((column) => t(`people.${column}`))}
        actions={t('keys.actions')}
      >
        {members.map((member) => (
          <MemberRow key={member.id} member={member} onAsk={(act) => setAsked({ act, member })} />
        ))}
      </PanelTable>
      {asked && <ActQuestion {...asked} onClose={() => setAsked(null)} />}
    </>
  )
}

/** Says so when it is done, and fetches what is so then. */
export function useAct() {
  const { t } = useTexts()
  return async (done: string, act: () => Promise<unknown>) => {
    try {
      await act()
      notify(done)
    } catch (error) {
      notify(problemText(explain(error), t), 'error')
    }
    await refetchPeople()
  }
}

function MemberRow({ member, onAsk }: { member: Member; onAsk(act: Act): void }) {
  const { t } = useTexts()
  const { user } = useComposition()
  const act = useAct()
  const { id, name, email, role, suspended } = member
  const isOneself = id === user.id
  const change = (body: object, done: string) =>
    void act(t(done, { name }), () => api.send('PATCH', `/api/users/${id}`, body))
  return (
    <tr>
      <th scope="row">
        <span className="flex items-center gap-2.5 font-medium">
          <Avatar name={name} />
          {name}
        </span>
      </th>
      <td>{email}</td>
      <td>
        <select
          className="select"
          value={role}
          disabled={isOneself}
          aria-label={t('people.role.of', { name })}
          onChange={(event) => change({ role: event.target.value }, 'people.roleChanged')}
        >
          <RoleOptions chosen={role} />
        </select>
      </td>
      <td>
        {isOneself ? (
          <span className="badge" data-variant="secondary">
            {t('people.you')}
          </span>
        ) : (
          suspended && (
            <span className="badge" data-variant="destructive">
              {t('people.suspended')}
            </span>
          )
        )}
      </td>
      <td className="text-right whitespace-nowrap">
        {!isOneself && (
          <MemberActs
            member={member}
            onAsk={onAsk}
            onReadmit={() => change({ suspended: false }, 'people.readmitted')}
          />
        )}
      </td>
    </tr>
  )
}

interface MemberActsProps {
  readonly member: Member
  readonly onAsk: (act: Act) => void
  readonly onReadmit: () => void
}

function MemberActs({ member: { name, role, suspended }, onAsk, onReadmit }: MemberActsProps) {
  const { t } = useTexts()
  const { role: own, actingBy } = useComposition()
  const mayAct = own === 'administrator' && !actingBy && role !== 'administrator' && !suspended
  return (
    <>
      {suspended ? (
        <IconButton icon={UserCheck} label={t('people.readmit.of', { name })} onClick={onReadmit} />
      ) : (
        <IconButton icon={UserX} label={t('people.suspend.of', { name })} onClick={() => onAsk('suspend')} />
      )}
      {mayAct && <IconButton icon={UserCog} label={t('people.act.of', { name })} onClick={() => onAsk('act')} />}
      <IconButton icon={KeyRound} label={t('people.resetFactor.of', { name })} onClick={() => onAsk('resetFactor')} />
      <IconButton icon={UserMinus} label={t('people.remove.of', { name })} onClick={() => onAsk('remove')} />
    </>
  )
}

function ActQuestion({ act: which, member, onClose }: { act: Act; member: Member; onClose(): void }) {
  const { t } = useTexts()
  const act = useAct()
  const [busy, setBusy] = useState(false)
  const { id, name } = member
  async function onYes() {
    setBusy(true)
    if (which === 'act') {
      await beginActing(id).catch((error: unknown) => notify(problemText(error, t), 'error'))
      return onClose()
    }
    const path = `/api/users/${id}`
    await act(t(`people.${which}.done`, { name }), () =>
      which === 'suspend'
        ? api.send('PATCH', path, { suspended: true })
        : api.send('DELETE', which === 'remove' ? path : `${path}/second-factor`),
    )
    onClose()
  }
  return (
    <Question
      title={t(`people.${which}.title`, { name })}
      text={t(`people.${which}.text`, { name })}
      yes={t(`people.${which}`)}
      danger={which !== 'act'}
      busy={busy}
      onYes={() => void onYes()}
      onNo={onClose}
    />
  )
}
