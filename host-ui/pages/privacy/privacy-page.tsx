import { useQuery } from '@tanstack/react-query'
import { Plus, ShieldCheck } from 'lucide-react'
import { useId } from 'react'
import { Link } from 'wouter'
import { Loaded } from '../../shell/loaded.tsx'
import { Empty } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { tasksOptions } from '../../shell/tasks.ts'
import { useTexts } from '../../shell/texts.ts'
import { TaskTable } from '../tasks/task-table.tsx'
import { HistoryKeeping } from './history-keeping.tsx'
import { RuleCard } from './rule-card.tsx'
import { rulesOptions } from './rule.ts'

const RUNS = 5

/** For how long the organisation keeps what it knows. */
export function PrivacyPage() {
  const { t } = useTexts()
  return (
    <Page title={t('privacy.title')} lead={t('privacy.lead')}>
      <Rules />
      <Runs />
      <HistoryKeeping />
    </Page>
  )
}

function Rules() {
  const { t } = useTexts()
  const id = useId()
  const query = useQuery(rulesOptions)
  const add = (
    <Link href="/settings/privacy/new" className="btn" data-size="sm">
      <Plus aria-hidden />
      {t('privacy.rule.new')}
    </Link>
  )
  return (
    <section className="page-section" aria-labelledby={id}>
      <header>
        <h2 id={id}>{t('privacy.rules')}</h2>
        {query.data && query.data.length > 0 && add}
      </header>
      <Loaded query={query}>
        {(rules) =>
          rules.length > 0 ? (
            <ul className="rules">
              {rules.map((rule) => (
                <RuleCard key={rule.id} rule={rule} />
              ))}
            </ul>
          ) : (
            <Empty icon={ShieldCheck} title={t('privacy.empty.title')} text={t('privacy.empty.text')}>
              {add}
            </Empty>
          )
        }
      </Loaded>
    </section>
  )
}

/** What rules have done lately; nothing before the first time. */
function Runs() {
  const { t } = useTexts()
  const id = useId()
  const { data } = useQuery(tasksOptions({ kind: 'retention', limit: RUNS }))
  if (!data || data.items.length === 0) return null
  return (
    <section className="page-section" aria-labelledby={id}>
      <header>
        <h2 id={id}>{t('privacy.runs')}</h2>
        <Link href="/settings/tasks" className="btn" data-variant="outline" data-size="sm">
          {t('privacy.runs.all')}
        </Link>
      </header>
      <TaskTable tasks={data.items} />
    </section>
  )
}
