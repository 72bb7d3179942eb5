import { useId } from 'react'
import { useTexts } from '../../shell/texts.ts'

interface CodeFieldProps {
  problem?: string
  /** Where a recovery code does as well. */
  recovery?: boolean
}

/** The code of an authenticator app, which phones offer to fill in. */
export function CodeField({ problem, recovery }: CodeFieldProps) {
  const { t } = useTexts()
  const id = useId()
  const note = problem || (recovery ? t('factor.code.recovery') : '')
  return (
    <div className="field">
      <label htmlFor={id}>{t('factor.code')}</label>
      <input
        id={id}
        name="code"
        className="input"
        autoComplete="one-time-code"
        inputMode={recovery ? 'text' : 'numeric'}
        autoCapitalize="none"
        spellCheck={false}
        maxLength={40}
        aria-invalid={problem ? true : undefined}
        aria-describedby={note ? `${id}-note` : undefined}
        autoFocus
        data-autofocus
        required
      />
      {note && (
        <p id={`${id}-note`} className={problem ? 'text-destructive text-sm' : 'text-muted-foreground text-sm'}>
          {note}
        </p>
      )}
    </div>
  )
}
