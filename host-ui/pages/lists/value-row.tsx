import { Archive, ArchiveRestore, ArrowDown, ArrowUp, Trash2 } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useTexts } from '../../shell/texts.ts'
import type { Draft } from './list.ts'

const LANGUAGES = ['en', 'fr'] as const
const TONES = [1, 2, 3, 4, 5, 6]

interface ValueRowProps {
  readonly draft: Draft
  readonly isFirst: boolean
  readonly isLast: boolean
  onChange(more: Partial<Draft>): void
  onMove(by: number): void
  onDrop(): void
}

/** One value: its tone, what it is called, its place. Alt and an arrow move it from within its fields. */
export function ValueRow({ draft, isFirst, isLast, onChange, onMove, onDrop }: ValueRowProps) {
  const { t } = useTexts()
  const name = draft.label.en || draft.label.fr || t('lists.new')
  const press = (event: KeyboardEvent) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (!event.altKey || by === undefined) return
    event.preventDefault()
    onMove(by)
  }
  const button = (key: string, icon: React.ReactNode, act: () => void, disabled = false) => (
    <button
      type="button"
      className="btn"
      data-variant="ghost"
      data-size="icon-sm"
      aria-label={t(`lists.${key}`, { name })}
      title={t(`lists.${key}`, { name })}
      // The focus stays where it is when the value has reached an end.
      aria-disabled={disabled || undefined}
      onClick={() => !disabled && act()}
    >
      {icon}
    </button>
  )
  return (
    <li data-archived={draft.archived || undefined} onKeyDown={press}>
      <span aria-hidden className={draft.color ? `kind-dot tone-${draft.color}` : 'kind-dot'} />
      <select
        className="select"
        aria-label={t('lists.color', { name })}
        value={draft.color ?? ''}
        onChange={({ target }) => onChange({ color: target.value === '' ? undefined : Number(target.value) } as never)}
      >
        <option value="">{t('lists.tone.none')}</option>
        {TONES.map((tone) => (
          <option key={tone} value={tone}>
            {t(`lists.tone.${tone}`)}
          </option>
        ))}
      </select>
      {LANGUAGES.map((language) => (
        <input
          key={language}
          type="text"
          className="input"
          lang={language}
          maxLength={200}
          aria-label={t(`lists.label.${language}`, { name })}
          placeholder={t(`lists.language.${language}`)}
          value={draft.label[language] ?? ''}
          onChange={({ target }) => onChange({ label: { ...draft.label, [language]: target.value } })}
        />
      ))}
      <span className="value-buttons">
        {draft.archived && (
          <span className="badge" data-variant="secondary">
            {t('lists.archived')}
          </span>
        )}
        {button('up', <ArrowUp aria-hidden />, () => onMove(-1), isFirst)}
        {button('down', <ArrowDown aria-hidden />, () => onMove(1), isLast)}
        {draft.isNew
          ? button('drop', <Trash2 aria-hidden />, onDrop)
          : draft.archived
            ? button('offer', <ArchiveRestore aria-hidden />, () => onChange({ archived: false }))
            : button('archive', <Archive aria-hidden />, () => onChange({ archived: true }))}
      </span>
    </li>
  )
}
