import { useId, useRef, useState, type FormEvent } from 'react'
import { ApiProblem, type Translate } from '../sdk/index.ts'
import { api } from '../shell/client.ts'
import { Dialog } from '../shell/dialog.tsx'
import { problemText } from '../shell/problem.ts'
import { type Session, useSession } from '../shell/session.tsx'
import { useTexts } from '../shell/texts.ts'
import { CodeField } from './entry/code-field.tsx'
import { EntryForm } from './entry/entry-form.tsx'
import { EntryCard } from './entry/entry-card.tsx'
import { organisationOf, outcomeText, takeOutcome } from './entry/provider.ts'
import { ProviderFinder } from './entry/provider-buttons.tsx'
import { PasskeyButton } from './entry/passkey-button.tsx'
import { Forgotten } from './entry/forgotten.tsx'

export function SignInPage() {
  const { t } = useTexts()
  const [chosen, setChosen] = useState<string>()
  const [forgotten, setForgotten] = useState<string>()
  if (forgotten !== undefined) {
    return (
      <EntryCard title={t('forgotten.title')} lead={t('forgotten.lead')} onSpeak={setChosen}>
        <Forgotten email={forgotten} onBack={() => setForgotten(undefined)} />
      </EntryCard>
    )
  }
  return (
    <EntryCard title={t('signIn.title')} lead={t('signIn.lead')} onSpeak={setChosen}>
      <SignInForm language={chosen} onForget={setForgotten} />
    </EntryCard>
  )
}

/** Over the page on which the session ended, so that what was typed there is still there afterwards. */
export function SignInDialog() {
  const { t } = useTexts()
  const { session, leave } = useSession()
  return (
    <Dialog title={t('signIn.again')} text={t('signIn.again.text')} onClose={() => undefined} firm>
      <SignInForm email={session?.user.email} />
      <button type="button" className="link-button mt-4" onClick={() => void leave()}>
        {t('signIn.other')}
      </button>
    </Dialog>
  )
}

interface FormProps {
  email?: string
  /** What somebody has just chosen goes before what the account or its organisation spoke so far. */
  language?: string | undefined
  /** Asked for with the address that was typed so far. */
  onForget?(email: string): void
}

function SignInForm({ email: known = '', language, onForget }: FormProps) {
  const { t } = useTexts()
  const { enter } = useSession()
  const id = useId()
  const form = useRef<HTMLFormElement>(null)
  const [outcome] = useState(takeOutcome)
  const [problem, setProblem] = useState(outcome ? outcomeText(outcome, t) : '')
  const [busy, setBusy] = useState(false)
  const [half, setHalf] = useState<Credentials | null>(null)

  async function keep(session: Session) {
    await enter(language ? await api.send<Session>('PATCH', '/api/session', { language }) : session)
  }
  async function open(credentials: Credentials & { code?: string }) {
    await keep(await api.send<Session>('POST', '/api/session', credentials))
  }
  async function submit(event: FormEvent) {
    event.preventDefault()
    // Read from the form and not from state: password managers fill fields without telling React.
    const { email, password } = Object.fromEntries(new FormData(form.current!)) as Record<string, string>
    if (!email?.trim() || !password) return setProblem(t('signIn.incomplete'))
    setBusy(true)
    setProblem('')
    const credentials = { email: email.trim(), password }
    try {
      await open(credentials)
    } catch (error) {
      if (isHalf(error)) return setHalf(credentials)
      setProblem(signInProblem(error, t))
      form.current?.querySelector<HTMLInputElement>('[name=password]')?.select()
    } finally {
      setBusy(false)
    }
  }
  const readEmail = () => form.current?.querySelector<HTMLInputElement>('[name=email]')?.value ?? ''
  const look = {
    className: 'input',
    'aria-invalid': problem ? true : undefined,
    'aria-describedby': problem ? `${id}-problem` : undefined,
  }
  if (half) {
    const send = ({ code = '' }: Record<string, string>) => open({ ...half, code: code.trim() || '-' })
    return (
      <>
        <p className="mt-6 text-sm">{t('factor.asked')}</p>
        <EntryForm submit={t('signIn.submit')} send={send}>
          {({ code }) => <CodeField recovery {...(code ? { problem: code } : {})} />}
        </EntryForm>
        <button type="button" className="link-button mt-4" onClick={() => setHalf(null)}>
          {t('forgotten.back')}
        </button>
      </>
    )
  }
  return (
    <form
      ref={form}
      onSubmit={(event) => void submit(event)}
      className="sign-in-form"
      method="post"
      action="/api/session"
      noValidate
    >
      <Fields id={id} known={known} look={look} />
      <p id={`${id}-problem`} role="alert" className="sign-in-problem">
        {problem}
      </p>
      <button type="submit" className="btn" data-size="lg" disabled={busy}>
        {t(busy ? 'signIn.busy' : 'signIn.submit')}
      </button>
      <ProviderFinder organisation={organisationOf(location.pathname)} readEmail={readEmail} onProblem={setProblem} />
      <PasskeyButton onEnter={keep} onProblem={setProblem} />
      {onForget && (
        <button type="button" className="link-button self-center" onClick={() => onForget(readEmail())}>
          {t('forgotten.link')}
        </button>
      )}
    </form>
  )
}

interface Credentials {
  email: string
  password: string
}

/** The password is right, and a code is asked for beside it. */
const isHalf = (error: unknown) => error instanceof ApiProblem && error.code === 'second_factor'

const QUARTER = 900

function minutesToWait({ errors }: ApiProblem): number {
  const seconds = errors.map(({ params }) => params?.retryAfter).find((wait) => typeof wait === 'number') ?? QUARTER
  return Math.max(1, Math.ceil(seconds / 60))
}

function signInProblem(error: unknown, t: Translate): string {
  const { status, code } = error instanceof ApiProblem ? error : { status: -1, code: '' }
  if (code === 'provider_required') return t('problem.provider_required')
  if (status === 401) return t('problem.credentials')
  if (status === 400) return t('signIn.incomplete')
  if (status === 429) return t('signIn.wait', { count: minutesToWait(error as ApiProblem) })
  return problemText(error, t)
}

/** @param look what tells that there is a problem */
function Fields({ id, known, look }: { id: string; known: string; look: React.InputHTMLAttributes<HTMLInputElement> }) {
  const { t } = useTexts()
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}-email`}>{t('signIn.email')}</label>
        <input
          {...look}
          id={`${id}-email`}
          name="email"
          type="email"
          autoComplete="username"
          inputMode="email"
          autoCapitalize="none"
          spellCheck={false}
          defaultValue={known}
          autoFocus={!known}
          required
        />
      </div>
      <div className="field">
        <label htmlFor={`${id}-password`}>{t('signIn.password')}</label>
        <input
          {...look}
          id={`${id}-password`}
          name="password"
          type="password"
          autoComplete="current-password"
          data-autofocus={known ? '' : undefined}
          required
        />
      </div>
    </>
  )
}
