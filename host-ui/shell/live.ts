import type { Query, QueryKey } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, queries } from './client.ts'
import { recompose } from './composition.tsx'

/** What `GET /api/stream` tells of a change, as far as the screen asks. */
export interface Change {
  resource: string | null
  rowId: string | null
  recordId: string | null
  deleted: boolean
  actor: { kind: string; id: string | null }
}

/** What may have to be fetched again, of that which concerns the reader alone; and what shows it. */
const SIGNALS: Readonly<Record<string, string>> = {
  notified: 'notifications',
  task: 'tasks',
  approvals: 'proposals',
  deliveries: 'deliveries',
}
const PERSONAL = Object.values(SIGNALS)

/** One look at the server for all that happens within it; one's own write has been answered by then. */
const GATHER_MS = 300
const AGAIN_MS = 10_000
/** How often is asked for what nobody tells, while the stream is down. */
const FALLBACK_MS = 15_000
/** `EventSource.CLOSED`, which is there in a browser only. */
const CLOSED = 2

/** Whether what was read under a key shows something of the changes. */
export function isTouched([resource, kind, id]: QueryKey, changes: readonly Change[], user: string): boolean {
  if (kind !== 'row' && kind !== 'history') return changes.some((change) => resource === change.resource)
  // The page of what one has deleted oneself may still be drawn for a moment, and is left anyway.
  const isLeft = changes.some(
    ({ rowId, deleted, actor }) => rowId === id && deleted && actor.kind === 'user' && actor.id === user,
  )
  return changes.some(({ rowId, recordId }) => (id === rowId ? !isLeft : id === recordId))
}

export interface Following {
  open(): EventSource
  change(changes: readonly Change[]): void
  /** Fetch again what is kept under these keys. */
  fetch(keys: readonly string[]): void
  /** Plugins were switched, or it is not known what happened. */
  recompose(): void
  refused(): void
}

/** Follows what happens until the function that it gives is called; comes back by itself after a break. */
export function follow(on: Following): () => void {
  let gathered: Change[] = []
  let signalled = new Set<string>()
  let fallback: ReturnType<typeof setInterval> | undefined
  let gathering: ReturnType<typeof setTimeout> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let source: EventSource
  let isBroken = false

  const flush = () => {
    gathering = undefined
    if (gathered.length > 0) on.change(gathered.splice(0))
    if (signalled.size > 0) on.fetch([...signalled])
    signalled = new Set()
  }
  const gather = () => (gathering ??= setTimeout(flush, GATHER_MS))
  const connect = () => {
    source = on.open()
    source.addEventListener('change', ({ data }: MessageEvent<string>) => {
      gathered.push(JSON.parse(data) as Change)
      gather()
    })
    for (const [signal, key] of Object.entries(SIGNALS))
      source.addEventListener(signal, () => {
        signalled.add(key)
        gather()
      })
    source.addEventListener('composition', () => on.recompose())
    source.addEventListener('open', () => {
      if (isBroken) on.recompose()
      isBroken = false
      clearInterval(fallback)
      fallback = undefined
    })
    source.addEventListener('error', () => {
      isBroken = true
      fallback ??= setInterval(() => on.fetch(PERSONAL), FALLBACK_MS)
      // From a broken line the browser comes back by itself, from a refusal it does not.
      if (source.readyState !== CLOSED) return
      on.refused()
      again = setTimeout(connect, AGAIN_MS)
    })
  }
  connect()
  return () => {
    clearTimeout(gathering)
    clearTimeout(again)
    clearInterval(fallback)
    source.close()
  }
}

type ChangeListener = (changes: readonly Change[] | null) => void
const listeners = new Set<ChangeListener>()

/**
 * Tells what has changed, also to those whose data the host does not keep; null where anything may have, after a break.
 * @returns what ends it
 */
export function listenToChanges(listener: ChangeListener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const tell = (changes: readonly Change[] | null) => listeners.forEach((listener) => listener(changes))

const leaving = new Set<unknown>()

/** Deletes a row whose page is left then: until the work is done, what is told of it makes nobody ask for it. */
export async function leaveRow(id: string, work: () => Promise<void>): Promise<void> {
  leaving.add(id)
  await work().finally(() => leaving.delete(id))
}

function refetch(changes: readonly Change[], user: string): void {
  tell(changes)
  const isWanted = ({ queryKey }: Query) => !leaving.has(queryKey[2]) && isTouched(queryKey, changes, user)
  void queries.invalidateQueries({ predicate: isWanted })
}

/** Fetches what others change while one looks at it. Who comes back to the page is shown the present anyway. */
export function useLive(user: string | null): void {
  useEffect(() => {
    if (user === null) return
    let end: (() => void) | undefined
    const leave = () => {
      end?.()
      end = undefined
    }
    let wasAway = false
    const come = () => {
      if (end) return
      if (wasAway) tell(null)
      wasAway = true
      end = follow({
        open: () => new EventSource('/api/stream'),
        change: (changes) => refetch(changes, user),
        fetch: (keys) =>
          void queries.invalidateQueries({ predicate: ({ queryKey }) => keys.includes(String(queryKey[0])) }),
        // One's own switch is on its way, and composes anew when it has arrived.
        recompose: () => {
          tell(null)
          if (queries.isMutating() === 0) void recompose()
        },
        // The stream cannot say why; when the session has ended, this call does.
        refused: () => void api.get('/api/session').catch(() => {}),
      })
    }
    const look = () => (document.visibilityState === 'visible' ? come() : leave())
    look()
    document.addEventListener('visibilitychange', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      leave()
    }
  }, [user])
}
