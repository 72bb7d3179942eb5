import { useEffect, useId, useRef, useState, type FormEvent } from 'react'
import { ApiProblem, type Translate } from '../sdk/index.ts'
import { api } from '../shell/client.ts'
import { Dialog } from '../shell/dialog.tsx'
import { LANGUAGES, rememberLanguage } from '../shell/i18n.ts'
import { Mark } from '../shell/mark.tsx'
import { problemText } from '../shell/problem.ts'
import { type Session, useSession } from '../shell/session.tsx'
import { useTexts } from '../shell/texts.ts'

export function SignInPage() {
  const { t, i18n } = useTexts()
  const [chosen, setChosen] = useState<string>()
  useEffect(() => {
    document.title = `${t('signIn.title')} · Weft`
  }, [t])
  const speak = (language: string) => {
    rememberLanguage(language)
    setChosen(language)
    void i18n.changeLanguage(language)
  }
  return (
    <div className="sign-in">
      <main className="sign-in-card">
        <Mark className="size-10" />
        <h1>{t('signIn.title')}</h1>
        <p className="text-muted-foreground text-sm">{t('signIn.lead')}</p>
        <SignInForm language={chosen} />
      </main>
      <footer className="sign-in-footer">
        {LANGUAGES.map((language) => (
          <button
            key={language}
            type="button"
            lang={language}
            className="link-button"
            aria-pressed={i18n.language === language}
            onClick={() => speak(language)}
          >
            {language === 'fr' ? 'Français' : 'English'}
          </button>
        ))}
      </footer>
    </div>
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
}

function SignInForm({ email: known = '', language }: FormProps) {
  const { t } = useTexts()
  const { enter } = useSession()
  const id = useId()
  const form = useRef<HTMLFormElement>(null)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent) {
    event.preventDefault()
    // Read from the form and not from state: password managers fill fields without telling React.
    const { email, password } = Object.fromEntries(new FormData(form.current!)) as Record<string, string>
    if (!email?.trim() || !password) return setProblem(t('signIn.incomplete'))
    setBusy(true)
    setProblem('')
    try {
      const session = await api.send<Session>('POST', '/api/session', { email: email.trim(), password })
      await enter(language ? await api.send<Session>('PATCH', '/api/session', { language }) : session)
    } catch (error) {
      setProblem(signInProblem(error, t))
      form.current?.querySelector<HTMLInputElement>('[name=password]')?.select()
    } finally {
      setBusy(false)
    }
  }
  const look = {
    className: 'input',
    'aria-invalid': problem ? true : undefined,
    'aria-describedby': problem ? `${id}-problem` : undefined,
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
      <p id={`${id}-problem`} role="alert" className="sign-in-problem">
        {problem}
      </p>
      <button type="submit" className="btn" data-size="lg" disabled={busy}>
        {t(busy ? 'signIn.busy' : 'signIn.submit')}
      </button>
    </form>
  )
}

const QUARTER = 900

function minutesToWait({ errors }: ApiProblem): number {
  const seconds = errors.map(({ params }) => params?.retryAfter).find((wait) => typeof wait === 'number') ?? QUARTER
  return Math.max(1, Math.ceil(seconds / 60))
}

function signInProblem(error: unknown, t: Translate): string {
  const { status } = error instanceof ApiProblem ? error : { status: -1 }
  if (status === 401) return t('problem.credentials')
  if (status === 400) return t('signIn.incomplete')
  if (status === 429) return t('signIn.wait', { count: minutesToWait(error as ApiProblem) })
  return problemText(error, t)
}
