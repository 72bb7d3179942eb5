import { useQuery } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react'
import { forgetDrafts } from '../form/draft.ts'
import { ApiProblem } from '../sdk/index.ts'
import { api, onSessionEnd, queries } from './client.ts'
import { asLanguage, i18n, rememberLanguage } from './i18n.ts'

export interface Session {
  user: { id: string; name: string; email: string; language: string | null }
  tenant: { slug: string; name: string; language: string | null }
  tenants: { slug: string; name: string }[]
  role: string
  /** The administrator who acts as the user. */
  actingBy?: { id: string; name: string }
}

interface SessionState {
  session: Session | null | undefined
  failed: boolean
  retry(): void
  /** The session ended while the page was open: what is on it is kept until the same person is back. */
  expired: boolean
  enter(session: Session): Promise<void>
  leave(): Promise<void>
}

const KEY = ['session']
const SessionContext = createContext<SessionState | null>(null)

export function SessionProvider({ children }: { children: ReactNode }) {
  const [expired, setExpired] = useState(false)
  const query = useQuery({ queryKey: KEY, queryFn: readSession, staleTime: Infinity, refetchOnWindowFocus: false })
  const session = query.data
  useEffect(() => onSessionEnd(() => setExpired(Boolean(queries.getQueryData(KEY)))), [])

  async function enter(next: Session) {
    const known = queries.getQueryData<Session | null>(KEY)
    // Another person, or the same in another organisation: nothing that is on the page may stay.
    if (known && (known.user.id !== next.user.id || known.tenant.slug !== next.tenant.slug)) {
      forgetDrafts()
      return location.reload()
    }
    await speak(next)
    queries.setQueryData(KEY, next)
    setExpired(false)
    if (known) await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] })
  }

  const state = { session, failed: query.isError, retry: () => void query.refetch(), expired, enter, leave }
  return <SessionContext value={state}>{children}</SessionContext>
}

async function leave() {
  await api.send('DELETE', '/api/session').catch((error: unknown) => {
    if (!(error instanceof ApiProblem) || error.status !== 401) throw error
  })
  forgetDrafts()
  // A whole new page: no row of this session may outlive it in memory.
  location.assign('/')
}

async function readSession(): Promise<Session | null> {
  try {
    const session = await api.get<Session>('/api/session')
    await speak(session)
    return session
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return null
    throw error
  }
}

/** What the user has chosen holds on every device; without a choice the browser's language does. */
async function speak(session: Session): Promise<void> {
  const language = asLanguage(session.user.language)
  if (!language) return
  rememberLanguage(language)
  if (language !== i18n.language) await i18n.changeLanguage(language)
}

export function useSession(): SessionState {
  const state = useContext(SessionContext)
  if (!state) throw new Error('useSession outside of <SessionProvider>')
  return state
}
