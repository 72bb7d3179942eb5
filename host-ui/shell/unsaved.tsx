import { useEffect, useSyncExternalStore } from 'react'
import type { AroundNavHandler } from 'wouter'
import { Question } from './dialog.tsx'
import { useTexts } from './texts.ts'

/** Keeps people from losing what they typed, whichever way they leave: a link, the back button, closing the tab. */
let unsaved = false
let form = ''
let pending: (() => void) | null = null
const listeners = new Set<() => void>()

function ask(next: (() => void) | null): void {
  pending = next
  listeners.forEach((listener) => listener())
}

/** The form calls this as soon as its contents differ from what is stored, or again do not. */
export function setUnsaved(dirty: boolean): void {
  unsaved = dirty
  form = location.href
}

export function useLeaveGuard(): void {
  useEffect(() => () => setUnsaved(false), [])
}

export const aroundNav: AroundNavHandler = (navigate, to, options) => {
  if (!unsaved) return navigate(to, options)
  ask(() => navigate(to, options))
}

/** Has to run before the router listens: the browser has already gone back when we are told. */
export function startLeaveGuard(): void {
  addEventListener('popstate', (event) => {
    if (!unsaved || location.href === form) return
    event.stopImmediatePropagation()
    history.pushState(null, '', form)
    ask(() => history.back())
  })
  addEventListener('beforeunload', (event) => {
    if (unsaved) event.preventDefault()
  })
}

export function LeaveQuestion() {
  const { t } = useTexts()
  const next = useSyncExternalStore(subscribe, () => pending)
  if (!next) return null
  const leave = () => {
    ask(null)
    setUnsaved(false)
    next()
  }
  return (
    <Question
      title={t('leave.title')}
      text={t('leave.text')}
      yes={t('leave.yes')}
      danger
      onYes={leave}
      onNo={() => ask(null)}
    />
  )
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
