import { GitMerge } from 'lucide-react'
import type { Schema } from 'weft/ui'
import type { User } from './field-context.ts'
import { at, type Conflict, same, type Values } from './merge-patch.ts'
import { propertyAt } from './problem-text.ts'
import type { Texts } from './texts.ts'
import { valueText } from './value-text.ts'

interface ConflictPanelProps {
  readonly conflicts: readonly Conflict[]
  readonly data: Values
  readonly schema: Schema
  readonly texts: Texts
  readonly users: readonly User[]
  onChoose(conflict: Conflict, side: 'mine' | 'theirs'): void
}

/** Two people wrote the same field. Both values are shown, and what the form holds is the one that will be saved. */
export function ConflictPanel({ conflicts, data, schema, texts, users, onChoose }: ConflictPanelProps) {
  return (
    <section role="alert" className="form-notice flex-col items-stretch gap-4 p-4" data-kind="warning">
      <header className="flex items-start gap-3">
        <GitMerge className="text-warning mt-0.5 size-4 shrink-0" aria-hidden />
        <div>
          <p className="font-medium">{texts.host('form.conflict.title')}</p>
          <p className="text-muted-foreground mt-0.5">
            {texts.host('form.conflict.help', { count: conflicts.length })}
          </p>
        </div>
      </header>
      {conflicts.map((conflict) => {
        const name = conflict.path.join('_')
        const chosen = same(at(data, conflict.path), conflict.theirs) ? 'theirs' : 'mine'
        const text = (value: unknown) =>
          valueText(propertyAt(schema, conflict.path), conflict.path, value, texts, users)
        // Mine is what the form holds: it may have been typed anew since.
        const mine = chosen === 'mine' ? at(data, conflict.path) : conflict.mine
        return (
          <fieldset key={name} className="min-w-0">
            <legend className="mb-1.5 font-medium">{texts.label(conflict.path)}</legend>
            <div className="grid gap-2 sm:grid-cols-2">
              {(['mine', 'theirs'] as const).map((side) => (
                <label key={side} className="choice-card">
                  <input
                    type="radio"
                    className="input mt-0.5"
                    name={`conflict_${name}`}
                    checked={chosen === side}
                    onChange={() => onChoose(conflict, side)}
                  />
                  <span className="min-w-0">
                    <span className="text-muted-foreground block text-xs">{texts.host(`form.conflict.${side}`)}</span>
                    <span className="line-clamp-4 break-words whitespace-pre-line">
                      {text(side === 'mine' ? mine : conflict.theirs)}
                    </span>
                  </span>
                </label>
              ))}
            </div>
          </fieldset>
        )
      })}
    </section>
  )
}
