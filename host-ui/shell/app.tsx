import { useState } from 'react'
import { InvitationPage } from '../pages/entry/invitation-page.tsx'
import { NewPasswordPage } from '../pages/entry/new-password-page.tsx'
import { SignInDialog, SignInPage } from '../pages/sign-in.tsx'
import { CompositionProvider, useInterface } from './composition.tsx'
import { Frame } from './frame.tsx'
import { useLive } from './live.ts'
import { Failure } from './notice.tsx'
import { Pages } from './pages.tsx'
import { useSession } from './session.tsx'
import { Splash } from './splash.tsx'

/** Where mails lead. Behind the `#` nothing is sent to a server: it is the token. */
const ENTRIES = { '/new-password': NewPasswordPage, '/invitation': InvitationPage }

export function App() {
  const [entry] = useState(() => ({
    Page: ENTRIES[location.pathname as keyof typeof ENTRIES],
    token: location.hash.slice(1),
  }))
  return entry.Page ? <entry.Page token={entry.token} /> : <Signed />
}

function Signed() {
  const { session, failed, retry, expired } = useSession()
  useLive(session && !expired ? session.user.id : null)
  if (failed) return <Trouble retry={retry} error={undefined} />
  if (session === undefined) return <Splash />
  if (session === null) return <SignInPage />
  return (
    <>
      <Composed />
      {expired && <SignInDialog />}
    </>
  )
}

function Composed() {
  const { data, error, refetch } = useInterface()
  if (!data) return error ? <Trouble retry={() => void refetch()} error={error} /> : <Splash />
  return (
    <CompositionProvider ui={data}>
      <Frame>
        <Pages />
      </Frame>
    </CompositionProvider>
  )
}

function Trouble({ error, retry }: { error: unknown; retry(): void }) {
  return (
    <main className="grid min-h-dvh place-items-center">
      <Failure error={error} retry={retry} />
    </main>
  )
}
