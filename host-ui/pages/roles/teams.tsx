import { useQuery } from '@tanstack/react-query'
import { Pencil, Plus, Trash2, UsersRound } from 'lucide-react'
import { useState } from 'react'
import { Question } from '../../shell/dialog.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { Empty } from '../../shell/notice.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { PanelTable } from '../panel-table.tsx'
import { membersOptions } from '../people/people.ts'
import { removeTeam, type Team, teamsOptions } from './role.ts'
import { TeamDialog } from './team-dialog.tsx'

type Asking = { act: 'add' } | { act: 'write'; id: string } | { act: 'remove'; team: Team } | null

export function Teams() {
  const { t } = useTexts()
  const query = useQuery(teamsOptions)
  const [asking, ask] = useState<Asking>(null)
  const add = (
    <button type="button" className="btn" data-size="sm" onClick={() => ask({ act: 'add' })}>
      <Plus aria-hidden />
      {t('teams.new')}
    </button>
  )
  const written = asking?.act === 'write' ? query.data?.find((team) => team.id === asking.id) : undefined
  return (
    <section className="page-section">
      <header>
        <h2>{t('teams.title')}</h2>
        {query.data && query.data.length > 0 && add}
      </header>
      <Loaded query={query}>
        {(teams) =>
          teams.length > 0 ? (
            <TeamTable teams={teams} onAsk={ask} />
          ) : (
            <Empty icon={UsersRound} title={t('teams.empty.title')} text={t('teams.empty.text')}>
              {add}
            </Empty>
          )
        }
      </Loaded>
      {asking?.act === 'add' && <TeamDialog team={null} onClose={() => ask(null)} />}
      {written && (
        // What somebody else has saved begins anew.
        <TeamDialog key={written.version} team={written} onClose={() => ask(null)} />
      )}
      {asking?.act === 'remove' && <RemoveTeam team={asking.team} onClose={() => ask(null)} />}
    </section>
  )
}

function TeamTable({ teams, onAsk }: { teams: readonly Team[]; onAsk(asking: Asking): void }) {
  const { t, i18n } = useTexts()
  const { data: people = [] } = useQuery(membersOptions)
  const names = new Map(people.map(({ id, name }) => [id, name]))
  const list = new Intl.ListFormat(i18n.language)
  const icon = { className: 'btn', 'data-variant': 'ghost', 'data-size': 'icon-sm' }
  const columns = ['name', 'members'].map((column) => t(`teams.${column}`))
  return (
    <PanelTable label={t('teams.title')} columns={columns} actions={t('keys.actions')} stacked>
      {teams.map((team) => {
        const { id, name, members } = team
        const named = (key: string) => ({ 'aria-label': t(key, { name }), title: t(key, { name }) })
        return (
          <tr key={id}>
            <th scope="row" className="font-medium">
              {name}
            </th>
            <td className="wide">
              {members.length > 0
                ? list.format(members.map((member) => names.get(member) ?? t('value.unknownUser')))
                : t('teams.nobody')}
            </td>
            <td className="text-right whitespace-nowrap">
              <button type="button" {...icon} {...named('teams.edit.of')} onClick={() => onAsk({ act: 'write', id })}>
                <Pencil aria-hidden />
              </button>
              <button
                type="button"
                {...icon}
                {...named('teams.remove.of')}
                onClick={() => onAsk({ act: 'remove', team })}
              >
                <Trash2 aria-hidden />
              </button>
            </td>
          </tr>
        )
      })}
    </PanelTable>
  )
}

function RemoveTeam({ team: { id, name }, onClose }: { team: Team; onClose(): void }) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  async function remove() {
    setBusy(true)
    try {
      await removeTeam(id)
      notify(t('teams.removed', { name }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    onClose()
  }
  return (
    <Question
      title={t('teams.remove.title', { name })}
      text={t('teams.remove.text')}
      yes={t('action.delete')}
      danger
      busy={busy}
      onYes={() => void remove()}
      onNo={onClose}
    />
  )
}
