import { LogIn } from 'lucide-react'
import { useEffect, useState } from 'react'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { type Choice, findProviders, leaveFor } from './provider.ts'

interface ButtonsProps {
  choices: readonly Choice[]
  /** The token of the invitation that is accepted by it. */
  invitation?: string
  onProblem(text: string): void
}

/** One button for each provider that somebody may come by. */
export function ProviderButtons({ choices, invitation, onProblem }: ButtonsProps) {
  const { t } = useTexts()
  const [busy, setBusy] = useState(false)
  async function leave(choice: Choice) {
    setBusy(true)
    onProblem('')
    try {
      await leaveFor(choice, invitation)
    } catch (error) {
      setBusy(false)
      onProblem(problemText(error, t))
    }
  }
  return choices.map((choice) => (
    <Button key={choice.id} busy={busy} onClick={() => void leave(choice)}>
      {choices.length > 1 && choice.organisation
        ? t('provider.continue.to', { name: choice.name, organisation: choice.organisation })
        : t('provider.continue', { name: choice.name })}
    </Button>
  ))
}

function Button({ busy, onClick, children }: { busy: boolean; onClick(): void; children: React.ReactNode }) {
  return (
    <button
      type="button"
      className="btn h-auto min-h-10 py-2 whitespace-normal"
      data-variant="outline"
      data-size="lg"
      disabled={busy}
      onClick={onClick}
    >
      <LogIn aria-hidden />
      <span className="min-w-0 break-words">{children}</span>
    </button>
  )
}

interface FinderProps {
  /** Of the address that somebody came by. */
  organisation: string | null
  /** What was typed so far. */
  readEmail(): string
  onProblem(text: string): void
}

/** Finds the provider by the address of the page, or of the mail; it says the same whoever has an account. */
export function ProviderFinder({ organisation, readEmail, onProblem }: FinderProps) {
  const { t } = useTexts()
  const [choices, setChoices] = useState<Choice[]>([])
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    // What cannot be found is left out: the form is there all the same.
    if (organisation) findProviders({ organisation }).then(setChoices, () => setChoices([]))
  }, [organisation])
  async function find() {
    const email = readEmail().trim()
    if (!email.includes('@')) return onProblem(t('provider.needsEmail'))
    setBusy(true)
    onProblem('')
    try {
      const found = await findProviders({ email })
      if (found.length === 0) onProblem(t('provider.none'))
      if (found.length === 1) return await leaveFor(found[0]!)
      setChoices(found)
    } catch (error) {
      onProblem(problemText(error, t))
    }
    setBusy(false)
  }
  if (choices.length > 0) return <ProviderButtons choices={choices} onProblem={onProblem} />
  return (
    <Button busy={busy} onClick={() => void find()}>
      {t('provider.signIn')}
    </Button>
  )
}
