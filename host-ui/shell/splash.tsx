import { Mark } from './mark.tsx'
import { useTexts } from './texts.ts'

/** Shown only when the server takes its time: a flash of it would be worse than nothing. */
export function Splash() {
  const { t } = useTexts()
  return (
    <main className="splash" role="status">
      <Mark className="size-9" />
      <span className="sr-only">{t('state.loading')}</span>
    </main>
  )
}
