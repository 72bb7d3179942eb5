import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useId, useRef, useState } from 'react'
import { ApiProblem } from '../../sdk/index.ts'
import { Dialog } from '../../shell/dialog.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { ChoiceFilter } from '../list/filter-choice.tsx'
import { membersOptions } from '../people/people.ts'
import { saveTeam, type Team } from './role.ts'
import { DialogButtons } from '../../shell/dialog-buttons.tsx'

interface TeamDialogProps {
  /** Null for a new one. */
  team: Team | null
  onClose(): void
}

function useTeam({ team, onClose }: TeamDialogProps) {
  const { t } = useTexts()
  const [name, setName] = useState(team?.name ?? '')
  const [members, setMembers] = useState<readonly string[]>(team?.members ?? [])
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const refuse = (text: string) => {
    setProblem(text)
    field.current?.focus()
  }
  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!name.trim()) return refuse(t('teams.needsName'))
    setBusy(true)
    try {
      await saveTeam({ name: name.trim(), members }, team)
      notify(t('teams.saved', { name: name.trim() }))
      onClose()
    } catch (error) {
      setBusy(false)
      // With the newest state comes a new dialog, and the words must outlast this one.
      if (error instanceof ApiProblem && error.status === 412) return notify(problemText(error, t), 'error')
      const isTaken = error instanceof ApiProblem && error.errors.some(({ code }) => code === 'unique')
      refuse(isTaken ? t('teams.taken') : problemText(error, t))
    }
  }
  const write = (next: string) => (setName(next), setProblem(''))
  return { name, write, members, setMembers, problem, busy, submit, field }
}

/** A name, and who is in it. */
export function TeamDialog({ team, onClose }: TeamDialogProps) {
  const { t } = useTexts()
  const id = useId()
  const { name, write, members, setMembers, problem, busy, submit, field } = useTeam({ team, onClose })
  const people = useQuery(membersOptions)
  return (
    <Dialog title={t(team ? 'teams.edit' : 'teams.new')} text={t('teams.text')} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-5" noValidate>
        <div className="field">
          <label htmlFor={id}>{t('teams.name')}</label>
          <input
            ref={field}
            id={id}
            type="text"
            className="input"
            value={name}
            maxLength={100}
            data-autofocus
            aria-invalid={problem ? true : undefined}
            aria-describedby={problem ? `${id}-problem` : undefined}
            onChange={({ target }) => write(target.value)}
          />
          <p id={`${id}-problem`} role="alert" className="text-destructive text-sm empty:hidden">
            {problem}
          </p>
        </div>
        <fieldset className="team-members">
          <legend className="label">{t('teams.members')}</legend>
          <Loaded query={people}>
            {(known) => (
              <ChoiceFilter
                options={[
                  ...known.map((person) => ({ value: person.id, label: person.name })),
                  ...(team?.members ?? [])
                    .filter((member) => !known.some((person) => person.id === member))
                    .map((member) => ({ value: member, label: t('value.unknownUser') })),
                ]}
                values={[...members]}
                single={false}
                open={false}
                onChange={setMembers}
              />
            )}
          </Loaded>
        </fieldset>
        <DialogButtons submit={t('form.save')} busy={busy} onCancel={onClose} />
      </form>
    </Dialog>
  )
}
