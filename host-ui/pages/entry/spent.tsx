import { useTexts } from '../../shell/texts.ts'
import { EntryCard } from './entry-card.tsx'

/** A whole new page: nothing of the token stays in the address. */
export function SignInLink() {
  const { t } = useTexts()
  return (
    <a className="btn mt-6 w-full" data-size="lg" href="/">
      {t('entry.signIn')}
    </a>
  )
}

/** An address out of a mail that opens nothing any more. */
export function Spent({ text }: { text: string }) {
  const { t } = useTexts()
  return (
    <EntryCard title={t('entry.spent')} lead={text}>
      <SignInLink />
    </EntryCard>
  )
}
