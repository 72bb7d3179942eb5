import { ChevronRight } from 'lucide-react'
import { useId } from 'react'
import type { Schema } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'
import { useTexts } from '../../shell/texts.ts'
import type { Field } from '../fields/field.ts'
import { labelOf } from '../fields/text.ts'
import { hindranceOf, isAskedOfNew } from './field-right.ts'
import { Refusal } from './refusal.tsx'
import type { Problems } from './role-draft.ts'
import type { FieldGrant } from './role.ts'

type Grants = Readonly<Record<string, FieldGrant>>
const GRANTS: readonly FieldGrant[] = ['read', 'masked']

interface RightsProps {
  resource: Resource
  schema: Schema
  fields: readonly Field[]
  grants: Grants
  /** Whether the role makes records of the kind. */
  creates: boolean
  problems: Problems
  onChange(grants: Grants, path: string): void
}

/** What of a record is seen and written; whatever is not named is both. */
export function FieldRights(props: RightsProps) {
  const { resource, fields, grants, onChange } = props
  const { t, i18n } = useTexts()
  const given = Object.values(grants)
  const said = GRANTS.map((grant) => ({ grant, count: given.filter((each) => each === grant).length }))
    .filter(({ count }) => count > 0)
    .map(({ grant, count }) => t(`roles.summary.${grant}`, { count }))
  const set = ({ path }: Field, grant: FieldGrant | '') => {
    const { [path]: _, ...others } = grants
    onChange(grant === '' ? others : { ...others, [path]: grant }, path)
  }
  const isRefused = Object.keys(props.problems).some((path) => path.startsWith(`/fields/${resource.name}/`))
  return (
    <details className="role-fields" open={isRefused || undefined}>
      <summary>
        <ChevronRight aria-hidden />
        <span className="label">{t('roles.fields')}</span>
        <span className="text-muted-foreground text-sm">
          {said.length > 0 ? new Intl.ListFormat(i18n.language).format(said) : t('roles.fields.all')}
        </span>
      </summary>
      <p className="text-muted-foreground text-sm">{t('roles.fields.text')}</p>
      <ul>
        {fields.map((field) => (
          <FieldRight key={field.path} field={field} {...props} onChoose={(grant) => set(field, grant)} />
        ))}
      </ul>
    </details>
  )
}

interface RightProps extends RightsProps {
  field: Field
  onChoose(grant: FieldGrant | ''): void
}

function FieldRight({ field, resource, schema, grants, creates, problems, onChoose }: RightProps) {
  const { t } = useTexts()
  const id = useId()
  const chosen = grants[field.path] ?? ''
  const hindrances = Object.fromEntries(GRANTS.map((grant) => [grant, hindranceOf(field, grant, { resource, schema })]))
  const code = problems[`/fields/${resource.name}/${field.path}`]
  const why = hindrances.masked ?? null
  const blocks = creates && chosen === 'read' && isAskedOfNew(field, schema)
  const note = blocks ? t('roles.field.blocks') : why ? t(`roles.field.${why}`) : ''
  return (
    <li>
      <label htmlFor={id}>{labelOf(field, { t })}</label>
      <select
        id={id}
        className="select"
        value={chosen}
        disabled={GRANTS.every((grant) => hindrances[grant]) && chosen === ''}
        aria-invalid={code ? true : undefined}
        aria-describedby={note || code ? `${id}-note` : undefined}
        onChange={({ target }) => onChoose(target.value as FieldGrant | '')}
      >
        <option value="">{t('roles.field.visible')}</option>
        {GRANTS.filter((grant) => !hindrances[grant] || grant === chosen).map((grant) => (
          <option key={grant} value={grant}>
            {t(`roles.field.${grant}`)}
          </option>
        ))}
      </select>
      <div id={`${id}-note`} className="role-field-note">
        {note && <p className="text-muted-foreground text-xs">{note}</p>}
        <Refusal code={code} />
      </div>
    </li>
  )
}
