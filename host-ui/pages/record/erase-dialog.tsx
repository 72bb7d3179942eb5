import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { useLocation } from 'wouter'
import type { Row, Schema } from '../../sdk/index.ts'
import { api, queries } from '../../shell/client.ts'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { Dialog } from '../../shell/dialog.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { notify } from '../../shell/toast.tsx'
import { fieldsOf, isEmpty, valueOf } from '../fields/field.ts'
import { useReading } from '../fields/reading.ts'
import { labelOf } from '../fields/text.ts'
import { trailOf } from './trail.ts'
import { DialogButtons } from '../../shell/dialog-buttons.tsx'

interface EraseDialogProps {
  resource: Resource
  schema: Schema
  row: Row
  name: string
  onClose(): void
}

/** Asks for the name once more: what is erased cannot be brought back by anybody. */
export function EraseDialog({ resource, schema, row, name, onClose }: EraseDialogProps) {
  const { t } = useTexts()
  const [, navigate] = useLocation()
  const id = useId()
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const isSame = typed.trim().toLocaleLowerCase() === name.trim().toLocaleLowerCase()

  async function erase(event: FormEvent) {
    event.preventDefault()
    if (!isSame) return setProblem(t('privacy.erase.mismatch'))
    setBusy(true)
    try {
      await api.send('POST', `${resource.path}/${row.id}/erase`)
      navigate(trailOf(resource).back)
      notify(t('privacy.erased'))
      // Its page may still be drawn for a moment: what it shows is not to be asked for again.
      await queries.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[0] !== 'session' && queryKey[2] !== row.id,
      })
    } catch (error) {
      setProblem(problemText(error, t))
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('privacy.erase.title', { name })} text={t('privacy.erase.text')} onClose={onClose} wide>
      <form onSubmit={(event) => void erase(event)} className="flex flex-col gap-5" noValidate>
        <Extent resource={resource} schema={schema} row={row} />
        <div className="field">
          <label htmlFor={id}>{t('privacy.erase.type', { name })}</label>
          <input
            id={id}
            type="text"
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            value={typed}
            aria-invalid={problem !== '' && !isSame}
            onChange={({ target }) => (setTyped(target.value), setProblem(''))}
          />
        </div>
        <p role="alert" className="text-destructive text-sm empty:hidden">
          {problem}
        </p>
        <DialogButtons submit={t('privacy.erase.yes')} busy={busy} danger onCancel={onClose} />
      </form>
    </Dialog>
  )
}

/** What is kept of a record beside rows; the whole of it goes. */
const BESIDE = ['files', 'mails', 'notices', 'links'] as const

type Pack = Record<(typeof BESIDE)[number], unknown[]> & { rows: Record<string, Row[]> }

/** Which fields are blanked, in how many rows of which resources, and what goes as a whole: all that the access pack tells of. */
function Extent({ resource, schema, row }: Pick<EraseDialogProps, 'resource' | 'schema' | 'row'>) {
  const { t } = useTexts()
  const reading = useReading()
  const { resource: find } = useComposition()
  const query = useQuery({
    queryKey: [resource.name, 'extent', row.id],
    queryFn: () => api.get<Pack>(`${resource.path}/${row.id}/access-pack`),
    staleTime: 0,
    gcTime: 0,
  })
  const personal = fieldsOf(resource, schema).filter(
    (field) => field.schema['x-personal'] && !isEmpty(valueOf(row, field)),
  )
  const nameOf = (name: string) => {
    const found = find(name)
    return found ? t(`${found.plugin}:${found.name}`) : name
  }
  return (
    <div className="extent">
      {personal.length > 0 && (
        <p>
          {t('privacy.erase.fields', {
            fields: new Intl.ListFormat(reading.lang).format(personal.map((field) => labelOf(field, reading))),
          })}
        </p>
      )}
      <Loaded query={query}>
        {(pack) => (
          <ul>
            {Object.entries(pack.rows).map(([name, of]) => (
              <li key={name}>{t('privacy.erase.rows', { count: of.length, what: nameOf(name) })}</li>
            ))}
            {BESIDE.filter((kind) => pack[kind].length > 0).map((kind) => (
              <li key={kind}>
                {t('privacy.erase.rows', { count: pack[kind].length, what: t(`privacy.erase.${kind}`) })}
              </li>
            ))}
            <li>{t('privacy.erase.past')}</li>
          </ul>
        )}
      </Loaded>
    </div>
  )
}
