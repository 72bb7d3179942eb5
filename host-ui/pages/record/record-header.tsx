import { Link2, Pencil, Trash2 } from 'lucide-react'
import { Link } from 'wouter'
import { Avatar } from '../../shell/avatar.tsx'
import { useComposition } from '../../shell/composition.tsx'
import { usePageHeading } from '../../shell/page.tsx'
import { Slot } from '../../shell/slot.tsx'
import { notify } from '../../shell/toast.tsx'
import { shownFields } from '../list/column.ts'
import { type Field, isEmpty, valueOf } from '../fields/field.ts'
import { choicesOf, labelOf, type Reading } from '../fields/text.ts'
import { titleOf } from '../fields/title.ts'
import { Value } from '../fields/value.tsx'
import { nameOrId } from '../list/list-name.tsx'
import { Neighbours } from './neighbours.tsx'
import { RecordPrivacy } from './record-privacy.tsx'
import type { RecordProps } from './record.ts'
import { useRemoval } from './use-removal.ts'
import { useTexts } from '../../shell/texts.ts'

interface HeaderProps extends RecordProps {
  fields: Field[]
  reading: Reading
}

const FACTS = 5
const isBadge = (field: Field) => Boolean(choicesOf(field))

export function RecordHeader({ resource, schema, row, fields, reading }: HeaderProps) {
  const title = titleOf(row, schema)
  const name = nameOrId(title, row)
  const heading = usePageHeading(name)
  const listed = shownFields(fields, {}).filter((field) => !isEmpty(valueOf(row, field)))
  // The second person's name is in the title already.
  const named = (field: Field) => title.main.includes(String(valueOf(row, field)))
  const facts = listed.filter((field) => !isBadge(field) && !named(field)).slice(0, FACTS)
  return (
    <header className="record-header">
      <Neighbours resource={resource} id={row.id} />
      <div className="record-title">
        <Avatar name={name} large />
        <div className="min-w-0 flex-1">
          <h1 ref={heading} tabIndex={-1}>
            {name}
          </h1>
          <p className="record-badges">
            {title.note && <span className="text-muted-foreground">{title.note}</span>}
            {listed.filter(isBadge).map((field) => (
              <span key={field.path}>
                <span className="sr-only">{labelOf(field, reading)} </span>
                <Value field={field} row={row} reading={reading} />
              </span>
            ))}
          </p>
        </div>
        <Actions resource={resource} schema={schema} row={row} name={name} />
      </div>
      {facts.length > 0 && (
        <dl className="record-facts">
          {facts.map((field) => (
            <div key={field.path}>
              <dt>{labelOf(field, reading)}</dt>
              <dd>
                <Value field={field} row={row} reading={reading} brief />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </header>
  )
}

function Actions({ resource, schema, row, name }: RecordProps & { name: string }) {
  const { t } = useTexts()
  const { can } = useComposition()
  const { remove, busy } = useRemoval(resource, row, name)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(`${location.origin}/${resource.name}/${row.id}`)
      notify(t('record.copied'))
    } catch {
      notify(t('record.copyFailed'), 'error')
    }
  }
  const icon = { type: 'button' as const, className: 'btn', 'data-variant': 'ghost', 'data-size': 'icon-sm' }
  return (
    <div className="page-actions">
      <Slot name="record.action" of={resource.name} record={{ resource: resource.name, id: row.id, row }} />
      <button {...icon} aria-label={t('record.copy')} title={t('record.copy')} onClick={() => void copy()}>
        <Link2 aria-hidden />
      </button>
      {resource.keep === 'record' && can(`${resource.name}.delete`) && (
        <button
          {...icon}
          aria-label={t('action.delete')}
          title={t('action.delete')}
          disabled={busy}
          onClick={() => void remove()}
        >
          <Trash2 aria-hidden />
        </button>
      )}
      <RecordPrivacy {...{ resource, schema, row, name }} />
      {can(`${resource.name}.update`) && (
        <Link href={`/${resource.name}/${row.id}/edit`} className="btn" data-size="sm">
          <Pencil aria-hidden />
          {t('action.edit')}
        </Link>
      )}
    </div>
  )
}
