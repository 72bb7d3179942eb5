import { lazy, Suspense, useId, useState } from 'react'
import type { Schema } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'
import { Dialog } from '../../shell/dialog.tsx'
import { Loading } from '../../shell/notice.tsx'
import { useUsers } from '../../shell/queries.ts'
import { usePluginTexts, useTexts } from '../../shell/texts.ts'
import type { Field } from '../fields/field.ts'
import { useReading } from '../fields/reading.ts'
import { labelOf } from '../fields/text.ts'

/** The form stack comes only where one writes. */
const FieldForm = lazy(async () => ({ default: (await import('../../form/one-field-form.tsx')).OneFieldForm }))

interface BulkEditProps {
  resource: Resource
  schema: Schema
  fields: Field[]
  count: number
  busy: boolean
  onSubmit(update: object): Promise<void>
  onClose(): void
}

/** A value of one row alone, and what names its owner, are nothing for many. */
const isForMany = ({ schema, system }: Field) =>
  !system && !schema.readOnly && !schema['x-unique'] && (!schema['x-ref'] || schema['x-ref'] === 'users')

/** One field and its new value, for every row that is picked. */
export function BulkEdit({ resource, schema, fields, count, busy, onSubmit, onClose }: BulkEditProps) {
  const { t } = useTexts()
  const id = useId()
  const reading = useReading()
  const users = useUsers()
  const own = usePluginTexts(resource.plugin)
  const choices = fields.filter(isForMany)
  const [path, setPath] = useState('')
  const field = choices.find((each) => each.path === path)
  return (
    <Dialog title={t('bulk.edit.title', { count })} text={t('bulk.edit.text')} onClose={onClose} wide>
      <div className="flex flex-col gap-5">
        <div className="field">
          <label htmlFor={id}>{t('bulk.field')}</label>
          <select
            id={id}
            className="select"
            value={path}
            data-autofocus
            onChange={(event) => setPath(event.target.value)}
          >
            <option value="">{t('bulk.field.choose')}</option>
            {choices.map((each) => (
              <option key={each.path} value={each.path}>
                {labelOf(each, reading)}
              </option>
            ))}
          </select>
        </div>
        {field && (
          <Suspense fallback={<Loading lines={2} />}>
            <FieldForm
              key={path}
              path={path.split('.')}
              label={labelOf(field, reading)}
              submit={t('bulk.edit.yes', { count })}
              {...{ schema, resource, users, t: own, busy, onSubmit }}
              onCancel={onClose}
            />
          </Suspense>
        )}
      </div>
    </Dialog>
  )
}
