import { queryOptions } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { Page, Translate } from '../sdk/index.ts'
import { api, queries } from './client.ts'
import { useComposition } from './composition.tsx'
import { i18n } from './i18n.ts'

/** Long work, as `GET /api/tasks` tells of it. */
export interface Task {
  id: string
  plugin: string | null
  name: string
  resource: string | null
  state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled' | 'undoing' | 'undone'
  total: number | null
  done: number
  failed: number
  errors: { id: string | null; code: string; path?: string }[]
  reason: string | null
  createdBy: string | null
  createdAt: string
  finishedAt: string | null
  undoable: boolean
  cancellable: boolean
}

const KEY = 'tasks'

export const isRunning = ({ state }: Pick<Task, 'state'>) => state === 'waiting' || state === 'running'

/** Fetched again when the stream says that one's tasks have moved. */
export const taskOptions = (id: string) =>
  queryOptions({
    queryKey: [KEY, 'one', id],
    queryFn: () => api.get<Task>(`/api/tasks/${id}`),
    staleTime: 0,
  })

export const tasksOptions = (asked: { after?: string | null; kind?: string; limit?: number }) =>
  queryOptions({
    queryKey: [KEY, 'list', asked],
    queryFn: () => api.get<Pick<Page<Task>, 'items' | 'next'>>('/api/tasks', { limit: 25, ...asked }),
    staleTime: 0,
  })

const refetch = () => queries.invalidateQueries({ queryKey: [KEY] })

export async function cancelTask(id: string): Promise<void> {
  await api.send('PATCH', `/api/tasks/${id}`, { state: 'cancelled' }).finally(() => void refetch())
}

/** @returns the id of the undo, which is a task of its own */
export async function undoTask(id: string): Promise<string> {
  const { task } = await api
    .send<{ task: string }>('POST', `/api/tasks/${id}`, { undo: true })
    .finally(() => void refetch())
  return task
}

// ------------------------------------------------------------------------------------------------ those one waits for

let followed: readonly string[] = []
const listeners = new Set<() => void>()

function publish(next: readonly string[]): void {
  followed = next
  listeners.forEach((listener) => listener())
}

export const followTask = (id: string, insteadOf?: string): void =>
  publish([...followed.filter((each) => each !== id && each !== insteadOf).slice(-2), id])
export const unfollowTask = (id: string): void => publish(followed.filter((each) => each !== id))

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
export const useFollowed = () => useSyncExternalStore(subscribe, () => followed)

// ------------------------------------------------------------------------------------------------ words

export function useTaskName(): (task: Pick<Task, 'plugin' | 'name' | 'resource'>, t: Translate) => string {
  const { resource: find } = useComposition()
  return ({ plugin, name, resource }, t) => {
    if (plugin !== null) return t(`${plugin}:task.${name}`, { defaultValue: name })
    const own = resource === null ? undefined : find(resource)
    const what = own ? t(`${own.plugin}:${own.name}`) : (resource ?? '')
    return t(`task.name.${name}`, { what })
  }
}

/** A code of a row that failed, in words where the host has some. */
export function taskProblem(code: string, t: Translate): string {
  const known = [`task.problem.${code}`, `problem.${code}`].find((key) => i18n.exists(key))
  return known ? t(known) : code
}
