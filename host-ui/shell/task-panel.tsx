import { useQuery } from '@tanstack/react-query'
import { CircleAlert, CircleCheck, LoaderCircle, X } from 'lucide-react'
import { useEffect } from 'react'
import { Link } from 'wouter'
import { queries } from './client.ts'
import { problemText } from './problem.ts'
import {
  cancelTask,
  followTask,
  isRunning,
  type Task,
  taskOptions,
  undoTask,
  unfollowTask,
  useFollowed,
  useTaskName,
} from './tasks.ts'
import { useTexts } from './texts.ts'
import { notify } from './toast.tsx'
import { IconButton } from './icon-button.tsx'

/** The long work that was begun on this page: how far it is, its end, and the way back. */
export function TaskPanel() {
  const { t } = useTexts()
  const followed = useFollowed()
  if (followed.length === 0) return null
  return (
    <section className="task-panel" aria-label={t('task.panel')}>
      {followed.map((id) => (
        <Followed key={id} id={id} />
      ))}
    </section>
  )
}

function Followed({ id }: { id: string }) {
  const { data: task } = useQuery(taskOptions(id))
  const over = task !== undefined && !isRunning(task)
  const resource = task?.resource
  useEffect(() => {
    if (!over) return
    if (resource) void queries.invalidateQueries({ queryKey: [resource] })
    void queries.invalidateQueries({ queryKey: ['tasks', 'list'] })
  }, [over, resource])
  return task ? <TaskCard task={task} /> : null
}

function TaskCard({ task }: { task: Task }) {
  const { t } = useTexts()
  const nameOf = useTaskName()
  const running = isRunning(task)
  const bad = task.failed > 0 || task.state === 'failed'
  const Icon = running ? LoaderCircle : bad ? CircleAlert : CircleCheck
  return (
    <div className="task-card" data-bad={(!running && bad) || undefined}>
      <Icon aria-hidden className="size-4 shrink-0" data-turning={running || undefined} />
      <div className="task-card-text">
        <p className="font-medium">{nameOf(task, t)}</p>
        <TaskProgress task={task} />
        <p role="status" className="sr-only">
          {running ? '' : `${nameOf(task, t)}: ${t(`task.state.${task.state}`)}`}
        </p>
      </div>
      <TaskActions task={task} />
    </div>
  )
}

export function TaskProgress({ task }: { task: Task }) {
  const { t } = useTexts()
  const worked = task.done + task.failed
  const key = task.total === null ? 'task.count' : 'task.count.of'
  return (
    <div className="task-progress">
      {isRunning(task) && (
        <progress
          aria-label={t('task.progress')}
          max={task.total ?? undefined}
          value={task.total === null ? undefined : Math.min(worked, task.total)}
        />
      )}
      <span className="tabular-nums">
        {t(`task.state.${task.state}`)} · {t(key, { done: task.done, total: task.total ?? 0 })}
        {task.failed > 0 && ` · ${t('task.failed', { count: task.failed })}`}
      </span>
    </div>
  )
}

function TaskActions({ task }: { task: Task }) {
  const { t } = useTexts()
  const run = (work: () => Promise<unknown>) => void work().catch((error) => notify(problemText(error, t), 'error'))
  const undo = () => run(async () => followTask(await undoTask(task.id), task.id))
  return (
    <div className="task-card-actions">
      {task.cancellable && (
        <button
          type="button"
          className="btn"
          data-variant="outline"
          data-size="sm"
          onClick={() => run(() => cancelTask(task.id))}
        >
          {t('task.cancel')}
        </button>
      )}
      {!isRunning(task) && task.failed > 0 && (
        <Link href="/settings/tasks" className="btn" data-variant="outline" data-size="sm">
          {t('task.errors')}
        </Link>
      )}
      {task.undoable && (
        <button type="button" className="btn" data-variant="outline" data-size="sm" onClick={undo}>
          {t('action.undo')}
        </button>
      )}
      {!isRunning(task) && <IconButton icon={X} label={t('action.dismiss')} onClick={() => unfollowTask(task.id)} />}
    </div>
  )
}
