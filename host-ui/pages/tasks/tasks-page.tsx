import { useQuery } from '@tanstack/react-query'
import { ListChecks } from 'lucide-react'
import { useState } from 'react'
import { Loaded } from '../../shell/loaded.tsx'
import { Empty } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { tasksOptions } from '../../shell/tasks.ts'
import { useTexts } from '../../shell/texts.ts'
import { type Trail, TrailPager } from '../trail-pager.tsx'
import { TaskTable } from './task-table.tsx'

/** Long work, newest first: one's own, or everybody's for who looks after the tenant. */
export function TasksPage() {
  const { t } = useTexts()
  const [trail, setTrail] = useState<Trail>([])
  const query = useQuery(tasksOptions({ after: trail.at(-1) ?? null }))
  return (
    <Page title={t('task.title')} lead={t('task.lead')}>
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={ListChecks} title={t('task.empty.title')} text={t('task.empty.text')} />
          ) : (
            <TaskTable tasks={items} />
          )
        }
      </Loaded>
      <TrailPager trail={trail} next={query.data?.next} onMove={setTrail} />
    </Page>
  )
}
