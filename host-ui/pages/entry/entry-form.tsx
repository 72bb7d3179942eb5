import { useRef, useState, type FormEvent, type ReactNode } from 'react'
import { useTexts } from '../../shell/texts.ts'
import { readFieldProblems } from './password-field.tsx'

interface EntryFormProps {
  submit: string
  send(fields: Record<string, string>): Promise<void>
  children(problems: Record<string, string>): ReactNode
}

/** A form of a few fields, each of which says what the server found wrong with it. */
export function EntryForm({ submit, send, children }: EntryFormProps) {
  const { t } = useTexts()
  const form = useRef<HTMLFormElement>(null)
  const [problems, setProblems] = useState<Record<string, string>>({})
  const [busy, setBusy] = useState(false)
  async function onSubmit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setProblems({})
    try {
      await send(Object.fromEntries(new FormData(form.current!)) as Record<string, string>)
      form.current?.reset()
    } catch (error) {
      const found = readFieldProblems(error, t)
      setProblems(found)
      const [first] = Object.keys(found)
      if (first) form.current?.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus()
    } finally {
      setBusy(false)
    }
  }
  /** What was found no longer holds for what is typed now. */
  const forget = (name: string) => setProblems((found) => (found[name] ? { ...found, [name]: '' } : found))
  return (
    <form
      ref={form}
      className="sign-in-form"
      onSubmit={(event) => void onSubmit(event)}
      onInput={({ target }) => forget((target as HTMLInputElement).name)}
      noValidate
    >
      {children(problems)}
      <p role="alert" className="sign-in-problem">
        {problems['']}
      </p>
      <button type="submit" className="btn" data-size="lg" disabled={busy}>
        {submit}
      </button>
    </form>
  )
}
