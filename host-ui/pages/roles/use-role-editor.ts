import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { ApiProblem } from '../../sdk/index.ts'
import { queries } from '../../shell/client.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { setUnsaved, useLeaveGuard } from '../../shell/unsaved.tsx'
import { bodyOf, findProblems, isSame, type Problems, problemsIn, type RoleDraft } from './role-draft.ts'
import { type Role, rolesOptions, saveRole } from './role.ts'

const NONE: Problems = {}

/** What is being said of a role, what is wrong with it, and how it is kept. */
export function useRoleEditor(role: Role | null, start: RoleDraft, back: string) {
  const { t } = useTexts()
  const [, navigate] = useLocation()
  const [draft, setDraft] = useState(start)
  const [problems, setProblems] = useState(NONE)
  const [failure, setFailure] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const dirty = !isSame(start, draft)
  useLeaveGuard()
  useEffect(() => setUnsaved(dirty), [dirty])

  const refuse = (found: Problems, error: unknown) => {
    setProblems(found)
    setFailure(error)
    setBusy(false)
    // A moment later the marks stand where they belong.
    setTimeout(() => {
      const first = form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-refused]')
      first?.focus({ preventScroll: true })
      first?.scrollIntoView({ block: 'center' })
    })
  }
  async function save() {
    const found = findProblems(draft)
    if (Object.keys(found).length > 0) return refuse(found, null)
    setBusy(true)
    const body = bodyOf(draft)
    try {
      await saveRole(body, role)
      setUnsaved(false)
      await queries.invalidateQueries({ queryKey: rolesOptions.queryKey })
      notify(t('roles.saved', { name: body.name }))
      navigate(back)
    } catch (error) {
      const placed = problemsIn(error, body)
      refuse(placed, Object.keys(placed).length > 0 ? null : error)
    }
  }
  /** What was found wrong no longer holds for what is said now. */
  const change = (next: RoleDraft, place: string) => {
    setDraft(next)
    setProblems((all) => Object.fromEntries(Object.entries(all).filter(([path]) => !path.startsWith(place))))
  }
  const isStale = failure instanceof ApiProblem && failure.status === 412
  return { draft, change, save, problems, failure, isStale, busy, dirty, form }
}

export type RoleEditor = ReturnType<typeof useRoleEditor>
