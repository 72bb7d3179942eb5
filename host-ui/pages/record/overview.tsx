import { isActive } from '../../sdk/index.ts'
import { Slot } from '../../shell/slot.tsx'
import { type Field, isEmpty, valueOf } from '../fields/field.ts'
import { labelOf, type Reading } from '../fields/text.ts'
import { Value } from '../fields/value.tsx'
import type { RecordProps } from './record.ts'
import { sectionsOf } from './section.ts'
import { useTexts } from '../../shell/texts.ts'

interface OverviewProps extends RecordProps {
  fields: Field[]
  reading: Reading
}

/** Every field that has a say in this record, in the sections of the form. */
export function Overview({ resource, row, fields, reading }: OverviewProps) {
  const { t } = useTexts()
  const record = { resource: resource.name, id: row.id, row }
  const active = fields.filter((field) => isActive(field.schema, row, valueOf(row, field)))
  const { main, aside } = sectionsOf(active)
  return (
    <div className="overview">
      <h2 className="sr-only">{t('record.overview')}</h2>
      <div className="overview-main">
        {main.map(({ key, fields: inside }) => (
          <section key={key} className="panel" aria-label={t(key)}>
            <h3>{t(key)}</h3>
            <Facts fields={inside} row={row} reading={reading} />
          </section>
        ))}
        <Slot name="record.section" of={resource.name} record={record} />
      </div>
      <div className="overview-aside">
        <Slot name="record.summary" of={resource.name} record={record} />
        {aside.map(({ key, fields: inside }) => (
          <section key={key} className="panel" aria-label={t(key)}>
            <h3>{t(key)}</h3>
            <Facts fields={inside} row={row} reading={reading} />
          </section>
        ))}
      </div>
    </div>
  )
}

function Facts({ fields, row, reading }: { fields: Field[]; row: RecordProps['row']; reading: Reading }) {
  return (
    <dl className="facts">
      {fields.map((field) => (
        <div
          key={field.path}
          data-wide={field.schema['x-widget'] === 'textarea' || undefined}
          data-empty={isEmpty(valueOf(row, field)) || undefined}
        >
          <dt>{labelOf(field, reading)}</dt>
          <dd>
            <Value field={field} row={row} reading={reading} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
