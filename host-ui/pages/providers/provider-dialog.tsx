import { useId } from 'react'
import { api } from '../../shell/client.ts'
import { Dialog } from '../../shell/dialog.tsx'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { EntryForm } from '../entry/entry-form.tsx'
import { KERNEL_ROLES } from '../people/people.ts'
import { PATH, type Provider, refetchProviders } from './provider.ts'

interface DialogProps {
  /** The one that is changed; without it a new one is made. */
  provider?: Provider
  onClose(): void
}

/** Lines, commas and spaces do alike, and an `@` before. */
const readDomains = (text = '') =>
  text
    .split(/[\s,;]+/)
    .map((each) => each.replace(/^@/, ''))
    .filter(Boolean)

function readForm({ name = '', issuer = '', clientId = '', clientSecret, ...rest }: Record<string, string>) {
  return {
    name: name.trim(),
    issuer: issuer.trim(),
    clientId: clientId.trim(),
    ...(clientSecret ? { clientSecret } : {}),
    domains: readDomains(rest.domains),
    joinRole: rest.joinRole || null,
    passwords: rest.passwords === 'on',
  }
}

/** Makes a provider, or changes one. */
export function ProviderDialog({ provider, onClose }: DialogProps) {
  const { t } = useTexts()
  async function send(fields: Record<string, string>) {
    const body = readForm(fields)
    await (provider ? api.send('PATCH', `${PATH}/${provider.id}`, body) : api.send('POST', PATH, body))
    notify(t('providers.kept', { name: body.name }))
    await refetchProviders()
    onClose()
  }
  return (
    <Dialog
      title={t(provider ? 'providers.edit' : 'providers.add')}
      text={provider ? undefined : t('providers.add.text')}
      onClose={onClose}
      wide
    >
      <EntryForm submit={t('providers.save')} send={send}>
        {(problems) => <Fields provider={provider} problems={problems} />}
      </EntryForm>
    </Dialog>
  )
}

function Fields({ provider, problems }: { provider: Provider | undefined; problems: Record<string, string> }) {
  const { t } = useTexts()
  const id = useId()
  const isWrong = (field: string) => Object.keys(problems).some((key) => key === field || key.startsWith(`${field}/`))
  const of = (field: string) => ({ name: field, label: t(`providers.${field}`), wrong: isWrong(field) })
  return (
    <>
      <Line {...of('name')} value={provider?.name} autoFocus />
      <Line {...of('issuer')} value={provider?.issuer} type="url" hint={t('providers.issuer.hint')} />
      <Line {...of('clientId')} value={provider?.clientId} />
      <Line
        {...of('clientSecret')}
        type="password"
        hint={t(provider ? 'providers.clientSecret.kept' : 'providers.clientSecret.hint')}
      />
      <Line {...of('domains')} value={provider?.domains.join(', ')} hint={t('providers.domains.hint')} />
      <div className="field">
        <label htmlFor={`${id}-join`}>{t('providers.joinRole')}</label>
        <select id={`${id}-join`} name="joinRole" className="select" defaultValue={provider?.joinRole ?? ''}>
          <option value="">{t('providers.joins.nobody')}</option>
          {KERNEL_ROLES.map((role) => (
            <option key={role} value={role}>
              {t('providers.joins', { role: t(`people.role.${role}`) })}
            </option>
          ))}
        </select>
      </div>
      <label className="choice">
        <input type="checkbox" name="passwords" className="input" defaultChecked={provider?.passwords ?? true} />
        {t('providers.passwords')}
      </label>
    </>
  )
}

interface LineProps {
  name: string
  label: string
  wrong: boolean
  value?: string | undefined
  type?: string
  hint?: string
  autoFocus?: boolean
}

function Line({ name, label, wrong, value, type = 'text', hint, autoFocus }: LineProps) {
  const { t } = useTexts()
  const id = useId()
  const note = wrong ? t(`providers.problem.${name}`) : hint
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        className="input"
        defaultValue={value}
        autoComplete={type === 'password' ? 'new-password' : 'off'}
        autoCapitalize="none"
        spellCheck={false}
        aria-invalid={wrong || undefined}
        aria-describedby={note ? `${id}-note` : undefined}
        data-autofocus={autoFocus || undefined}
      />
      {note && (
        <p id={`${id}-note`} className={wrong ? 'text-destructive text-sm' : 'text-muted-foreground text-sm'}>
          {note}
        </p>
      )}
    </div>
  )
}
