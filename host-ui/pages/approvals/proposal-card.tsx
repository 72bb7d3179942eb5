import { Link } from 'wouter'
import { formatDateTime } from '../../sdk/index.ts'
import { useComposition } from '../../shell/composition.tsx'
import { useTexts } from '../../shell/texts.ts'
import { useReading } from '../fields/reading.ts'
import { Lines } from '../record/history-item.tsx'
import { Decision } from './decision.tsx'
import type { Proposal } from './proposal.ts'
import { useSubject } from './subject.ts'

export function ProposalCard({ proposal }: { proposal: Proposal }) {
  const { t } = useTexts()
  const reading = useReading()
  const { can, resource: find } = useComposition()
  const resource = proposal.resource === null ? undefined : find(proposal.resource)
  const { title, href, lines, verb } = useSubject(proposal, resource, reading)
  const isWaiting = proposal.state === 'waiting'
  return (
    <li className="proposal" aria-labelledby={proposal.id}>
      <header>
        <h2 id={proposal.id}>{title}</h2>
        <StateBadge state={proposal.state} />
      </header>
      <p className="proposal-note">
        {t('approvals.who', { who: proposal.asker.name ?? t('value.unknownUser') })}
        {' · '}
        <time dateTime={proposal.createdAt} title={formatDateTime(proposal.createdAt, reading.lang, 'long')}>
          {formatDateTime(proposal.createdAt, reading.lang, 'relative')}
        </time>
      </p>
      <p className="proposal-note">{useReason(proposal)}</p>
      {proposal.hidden && <p className="proposal-note">{t('approvals.hidden')}</p>}
      {lines.length > 0 && <Lines lines={lines} verb={isWaiting && verb === 'update' ? 'updated' : 'created'} />}
      {!isWaiting && <Outcome proposal={proposal} lang={reading.lang} />}
      <footer>
        {isWaiting && can('proposals.decide') && <Decision proposal={proposal} title={title} />}
        {href && (
          <Link href={href} className="btn" data-variant="outline" data-size="sm">
            {t('approvals.open')}
            <span className="sr-only"> {title}</span>
          </Link>
        )}
      </footer>
    </li>
  )
}

function useReason({ plugin, code, errors }: Proposal): string {
  const { t } = useTexts()
  const params = errors[0]?.params ?? {}
  const why = t(`${plugin}:hold.${code}`, { ...params, defaultValue: code.replaceAll('_', ' ') } as never)
  return t('approvals.held', { plugin: t(`${plugin}:${plugin}`, { defaultValue: plugin }), why })
}

const VARIANTS = { waiting: 'outline', approved: 'secondary', rejected: 'destructive', failed: 'destructive' } as const

function StateBadge({ state }: Pick<Proposal, 'state'>) {
  const { t } = useTexts()
  return (
    <span className="badge" data-variant={VARIANTS[state]}>
      {t(`approvals.state.${state}`)}
    </span>
  )
}

const PROBLEMS = ['stale', 'asker']

function Outcome({ proposal, lang }: { proposal: Proposal; lang: string }) {
  const { t } = useTexts()
  const { state, decidedBy, decidedAt, reason, problem } = proposal
  const who = decidedBy?.name ?? t('value.unknownUser')
  const code = problem?.code ?? ''
  return (
    <p className="proposal-note">
      {t('approvals.by', { state: t(`approvals.state.${state === 'failed' ? 'approved' : state}`), who })}
      {decidedAt && ` · ${formatDateTime(decidedAt, lang, 'relative')}`}
      {reason && <q className="proposal-reason">{reason}</q>}
      {problem && ` · ${t(`approvals.problem.${PROBLEMS.includes(code) ? code : 'other'}`, { code })}`}
    </p>
  )
}
