import { useQuery } from '@tanstack/react-query'
import { useId, useMemo } from 'react'
import type { Schema } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { schemaOptions } from '../../shell/queries.ts'
import { useTexts } from '../../shell/texts.ts'
import { fieldsOf } from '../fields/field.ts'
import { FieldRights } from './field-rights.tsx'
import { EVERYTHING, type RowDraft } from './role-draft.ts'
import { RowChoice } from './row-choice.tsx'
import type { RoleEditor } from './use-role-editor.ts'

interface PartProps {
  resource: Resource
  editor: RoleEditor
}

/** Of one kind of record: which of them, and what of them. */
export function ResourcePart({ resource, editor }: PartProps) {
  const { t } = useTexts()
  const id = useId()
  const schema = useQuery(schemaOptions(resource.name))
  return (
    <section className="role-resource" aria-labelledby={id}>
      <h3 id={id}>{t(`${resource.plugin}:${resource.name}`)}</h3>
      <Loaded query={schema}>
        {(data) => <Limits resource={resource} editor={editor} schema={data} labelledBy={id} />}
      </Loaded>
    </section>
  )
}

function Limits({ resource, editor, schema, labelledBy }: PartProps & { schema: Schema; labelledBy: string }) {
  const { draft, change, problems } = editor
  const { name } = resource
  const fields = useMemo(() => fieldsOf(resource, schema), [resource, schema])
  const row = draft.rows[name] ?? EVERYTHING
  const writes = ['create', 'update', 'delete'].some((verb) => draft.permissions.includes(`${name}.${verb}`))
  const setRow = (next: RowDraft, place: string) =>
    change({ ...draft, rows: { ...draft.rows, [name]: next } }, `/rows/${name}/${place}`)
  const accesses = writes || row.write ? (['read', 'write'] as const) : (['read'] as const)
  return (
    <>
      {accesses.map((access) => (
        <RowChoice
          key={access}
          access={access}
          terms={row[access]}
          fields={fields}
          problems={problems}
          place={`/rows/${name}/${access}`}
          labelledBy={labelledBy}
          onChange={(terms) => setRow({ ...row, [access]: terms }, access)}
        />
      ))}
      <FieldRights
        resource={resource}
        schema={schema}
        fields={fields}
        grants={draft.fields[name] ?? {}}
        creates={draft.permissions.includes(`${name}.create`)}
        problems={problems}
        onChange={(grants, path) =>
          change({ ...draft, fields: { ...draft.fields, [name]: grants } }, `/fields/${name}/${path}`)
        }
      />
    </>
  )
}
