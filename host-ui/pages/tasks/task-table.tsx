import { useState } from 'react'
import { Link } from 'wouter'
import { formatDateTime } from '../../sdk/index.ts'
import { useComposition } from '../../shell/composition.tsx'
import { localeOf } from '../../shell/i18n.ts'
import { problemText } from '../../shell/problem.ts'
import { useUsers } from '../../shell/queries.ts'
import { TaskProgress } from '../../shell/task-panel.tsx'
import { cancelTask, isRunning, type Task, taskProblem, undoTask, useTaskName } from '../../shell/tasks.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { PanelTable } from '../panel-table.tsx'

export function TaskTable({ tasks }: { tasks: readonly Task[] }) {
  const { t } = useTexts()
  const columns = ['what', 'progress', 'createdAt', 'by'].map((column) => t(`task.column.${column}`))
  return (
    <PanelTable label={t('task.title')} columns={columns} actions={t('task.column.actions')} stacked>
      {tasks.map((task) => (
        <TaskRow key={task.id} task={task} />
      ))}
    </PanelTable>
  )
}

function TaskRow({ task }: { task: Task }) {
  const { t, i18n } = useTexts()
  const nameOf = useTaskName()
  const users = useUsers()
  const author = users.find(({ id }) => id === task.createdBy)?.name ?? t('history.system')
  return (
    <tr>
      <th scope="row" className="font-medium">
        {nameOf(task, t)}
        {task.reason && <p className="text-destructive text-xs font-normal">{taskProblem(task.reason, t)}</p>}
        <TaskErrors task={task} />
      </th>
      <td>
        <TaskProgress task={task} />
      </td>
      <td>{formatDateTime(task.createdAt, localeOf(i18n.language), 'relative')}</td>
      <td>{author}</td>
      <td className="text-right">
        <TaskAction task={task} name={nameOf(task, t)} />
      </td>
    </tr>
  )
}

function TaskErrors({ task }: { task: Task }) {
  const { t } = useTexts()
  const { resource } = useComposition()
  const [open, setOpen] = useState(false)
  const of = task.resource === null ? undefined : resource(task.resource)
  if (task.errors.length === 0) return null
  return (
    <details className="task-errors" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('task.failed', { count: task.failed })}</summary>
      {open && (
        <ul>
          {task.errors.map(({ id, code }, i) => (
            <li key={`${id ?? ''}${i}`}>
              {of && id && <Link href={`/${of.name}/${id}`}>#{id.slice(-6)}</Link>} {taskProblem(code, t)}
            </li>
          ))}
          {task.failed > task.errors.length && <li>{t('task.more', { count: task.failed - task.errors.length })}</li>}
        </ul>
      )}
    </details>
  )
}

function TaskAction({ task, name }: { task: Task; name: string }) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  const running = isRunning(task)
  if (!task.cancellable && !task.undoable) return null
  async function act() {
    setBusy(true)
    try {
      await (running ? cancelTask(task.id) : undoTask(task.id))
    } catch (error) {
      notify(problemText(error, t), 'error')
    } finally {
      setBusy(false)
    }
  }
  return (
    <button
      type="button"
      className="btn"
      data-variant="outline"
      data-size="sm"
      disabled={busy}
      aria-label={t(running ? 'task.cancel.of' : 'task.undo.of', { name })}
      onClick={() => void act()}
    >
      {t(running ? 'task.cancel' : 'action.undo')}
    </button>
  )
}
