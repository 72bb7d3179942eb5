import { useEffect, useRef, useState } from 'react'
import { applyPatch, patchOf, type Values } from './merge-patch.ts'

/** What was typed but not saved, as a patch: it can be laid over a row that has changed since. */
export interface Draft {
  readonly at: string
  readonly patch: Values
}

/** `sessionStorage`: personal data must not outlive the tab on a shared computer. */
const PREFIX = 'weft.draft:'
export const draftKey = (resource: string, id: string | undefined) => `${PREFIX}${resource}:${id ?? 'new'}`

/** Somebody else may use the tab next. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key)
  } catch {}
}

export function readDraft(key: string, start: Values): Draft | undefined {
  try {
    const draft = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Draft | null
    const changes = draft && Object.keys(patchOf(start, applyPatch(start, draft.patch))).length > 0
    return changes ? draft : undefined
  } catch {
    return undefined
  }
}

/** A full or forbidden storage is no reason to trouble somebody who is typing. */
export function writeDraft(key: string, patch: Values): void {
  try {
    if (Object.keys(patch).length === 0) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, JSON.stringify({ at: new Date().toISOString(), patch }))
  } catch {}
}

const PAUSE = 400

/** Keeps the draft while one types, and offers the one that an earlier life of the page has left. */
export function useDraft(key: string, start: Values, data: Values) {
  const [offered, setOffered] = useState(() => readDraft(key, start))
  const pending = useRef<() => void>(undefined)
  const closed = useRef(false)

  useEffect(() => {
    const patch = patchOf(start, data)
    const untouched = Object.keys(patch).length === 0
    if (untouched) closed.current = false
    // Until somebody types, what is stored is the offer.
    if (closed.current || (untouched && offered)) return
    const write = () => {
      pending.current = undefined
      if (!closed.current) writeDraft(key, patch)
    }
    pending.current = write
    const timer = setTimeout(write, PAUSE)
    return () => clearTimeout(timer)
  }, [key, start, data, offered])

  useEffect(() => {
    const flush = () => pending.current?.()
    addEventListener('pagehide', flush)
    return () => {
      removeEventListener('pagehide', flush)
      flush()
    }
  }, [])

  const discard = () => {
    setOffered(undefined)
    writeDraft(key, {})
  }
  /** Saved: what the inputs still hold is no draft any more. */
  const close = () => {
    closed.current = true
    pending.current = undefined
    writeDraft(key, {})
  }
  return { offered, discard, close, dismiss: () => setOffered(undefined) }
}
