import { Eye, EyeOff } from 'lucide-react'
import { useId, useState } from 'react'
import { ApiProblem, type Translate } from '../../sdk/index.ts'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'

interface PasswordFieldProps {
  name: string
  label: string
  /** A new password is described, and offered by password managers. */
  fresh?: boolean
  problem?: string
}

/** Read from the form and not from state: password managers fill fields without telling React. */
export function PasswordField({ name, label, fresh, problem }: PasswordFieldProps) {
  const { t } = useTexts()
  const id = useId()
  const [shown, setShown] = useState(false)
  const Icon = shown ? EyeOff : Eye
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="password-input">
        <input
          id={id}
          name={name}
          className="input"
          type={shown ? 'text' : 'password'}
          autoComplete={fresh ? 'new-password' : 'current-password'}
          aria-invalid={problem ? true : undefined}
          aria-describedby={fresh || problem ? `${id}-note` : undefined}
          maxLength={200}
          required
        />
        <button
          type="button"
          className="btn"
          data-variant="ghost"
          data-size="icon-sm"
          aria-pressed={shown}
          aria-label={t('password.show')}
          title={t('password.show')}
          onClick={() => setShown(!shown)}
        >
          <Icon aria-hidden />
        </button>
      </div>
      {(fresh || problem) && (
        <p id={`${id}-note`} className={problem ? 'text-destructive text-sm' : 'text-muted-foreground text-sm'}>
          {problem || t('password.hint')}
        </p>
      )}
    </div>
  )
}

/** What was wrong with which field; `''` is for what is of no field. */
export function readFieldProblems(error: unknown, t: Translate): Record<string, string> {
  if (!(error instanceof ApiProblem) || error.errors.length === 0 || error.status === 429)
    return { '': problemText(error, t) }
  return Object.fromEntries(
    error.errors.map(({ path, code }) => [
      path.slice(1),
      t(`entry.problem.${code}`, { defaultValue: problemText(error, t) }),
    ]),
  )
}
