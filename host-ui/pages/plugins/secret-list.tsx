import { type FormEvent, useEffect, useId, useRef, useState } from 'react'
import { formatDateTime, type Translate } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'
import { Question } from '../../shell/dialog.tsx'
import { localeOf } from '../../shell/i18n.ts'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { type Plugin, pluginsOptions } from './plugin.ts'

type Secret = Plugin['secrets'][number]

/** What the organisation entrusts to a plugin. A value goes in and never comes out. */
export function SecretList({ plugin, t: texts }: { plugin: Plugin; t: Translate }) {
  const { t } = useTexts()
  const id = useId()
  return (
    <section aria-labelledby={id} className="secrets">
      <h3 id={id}>{t('plugins.secrets')}</h3>
      <p className="text-muted-foreground text-sm">{t('plugins.secrets.lead')}</p>
      <ul>
        {plugin.secrets.map((secret) => (
          <SecretEntry key={secret.name} plugin={plugin} secret={secret} label={texts(`secrets.${secret.name}`)} />
        ))}
      </ul>
    </section>
  )
}

interface EntryProps {
  plugin: Plugin
  secret: Secret
  label: string
}

function SecretEntry({ plugin, secret, label }: EntryProps) {
  const { t, i18n } = useTexts()
  const [entering, setEntering] = useState(false)
  const [removing, setRemoving] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const path = `/api/plugins/${plugin.id}/secrets/${secret.name}`
  const when = secret.updatedAt ? formatDateTime(secret.updatedAt, localeOf(i18n.language), 'relative') : ''
  const leave = () => {
    setEntering(false)
    // The button comes back with the next drawing.
    setTimeout(() => button.current?.focus())
  }
  async function remove() {
    try {
      await api.send('DELETE', path)
      notify(t('plugins.secret.removed', { name: label }))
    } catch (error) {
      notify(problemText(error, t), 'error')
    }
    await queries.invalidateQueries({ queryKey: pluginsOptions.queryKey })
    setRemoving(false)
  }
  return (
    <li>
      <div className="min-w-0 flex-1">
        <p className="font-medium">{label}</p>
        <p className="text-muted-foreground text-sm">
          {secret.set ? t('plugins.secret.set', { when }) : t('plugins.secret.unset')}
        </p>
      </div>
      {!entering && (
        <div className="flex gap-2">
          {secret.set && (
            <button
              type="button"
              className="btn"
              data-variant="ghost"
              data-size="sm"
              aria-label={t('plugins.secret.remove.of', { name: label })}
              onClick={() => setRemoving(true)}
            >
              {t('plugins.secret.remove')}
            </button>
          )}
          <button
            ref={button}
            type="button"
            className="btn"
            data-variant="outline"
            data-size="sm"
            aria-label={t(secret.set ? 'plugins.secret.replace.of' : 'plugins.secret.enter.of', { name: label })}
            onClick={() => setEntering(true)}
          >
            {t(secret.set ? 'plugins.secret.replace' : 'plugins.secret.enter')}
          </button>
        </div>
      )}
      {entering && <SecretInput path={path} label={label} onDone={leave} />}
      {removing && (
        <Question
          title={t('plugins.secret.remove.of', { name: label })}
          text={t('plugins.secret.remove.text')}
          yes={t('plugins.secret.remove')}
          danger
          onYes={() => void remove()}
          onNo={() => setRemoving(false)}
        />
      )}
    </li>
  )
}

function SecretInput({ path, label, onDone }: { path: string; label: string; onDone(): void }) {
  const { t } = useTexts()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [value, setValue] = useState('')
  const [problem, setProblem] = useState('')
  useEffect(() => input.current?.focus(), [])
  async function save(event: FormEvent) {
    event.preventDefault()
    if (value === '') return input.current?.focus()
    try {
      await api.send('PUT', path, { value })
      notify(t('plugins.secret.saved', { name: label }))
      await queries.invalidateQueries({ queryKey: pluginsOptions.queryKey })
      onDone()
    } catch (error) {
      setProblem(problemText(error, t))
    }
  }
  return (
    <form onSubmit={(event) => void save(event)} className="secret-input" noValidate>
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <input
        ref={input}
        id={id}
        type="password"
        className="input"
        autoComplete="new-password"
        spellCheck={false}
        maxLength={10_000}
        value={value}
        aria-describedby={`${id}-problem`}
        aria-invalid={problem !== '' || undefined}
        onChange={(event) => setValue(event.target.value)}
      />
      <button type="button" className="btn" data-variant="outline" data-size="sm" onClick={onDone}>
        {t('action.cancel')}
      </button>
      <button type="submit" className="btn" data-size="sm">
        {t('plugins.secret.save')}
      </button>
      <p id={`${id}-problem`} role="alert" className="text-destructive w-full text-sm empty:hidden">
        {problem}
      </p>
    </form>
  )
}
