import { CircleAlert, RotateCw } from 'lucide-react'
import { useId } from 'react'
import { Link } from 'wouter'
import { useComposition } from '../../shell/composition.tsx'
import { problemText } from '../../shell/problem.ts'
import { useTexts } from '../../shell/texts.ts'
import { PermissionMatrix } from './permission-matrix.tsx'
import { Refusal } from './refusal.tsx'
import { ResourcePart } from './resource-part.tsx'
import type { RoleDraft } from './role-draft.ts'
import type { Role } from './role.ts'
import { type RoleEditor, useRoleEditor } from './use-role-editor.ts'

const BACK = '/settings/roles'

interface RoleFormProps {
  role: Role | null
  start: RoleDraft
  reload?: (() => void) | undefined
}

export function RoleForm({ role, start, reload }: RoleFormProps) {
  const { t } = useTexts()
  const editor = useRoleEditor(role, start, BACK)
  const { draft, change, save, problems, busy, dirty, form } = editor
  return (
    <form
      ref={form}
      className="role-form"
      noValidate
      aria-busy={busy || undefined}
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <NameField editor={editor} />
      <PermissionMatrix
        chosen={draft.permissions}
        problems={problems}
        onChange={(permissions) => change({ ...draft, permissions }, '/permissions')}
      />
      <Resources editor={editor} />
      <Trouble editor={editor} reload={reload} />
      <div className="form-actions">
        <button type="submit" className="btn" disabled={busy}>
          {t(busy ? 'form.saving' : 'form.save')}
        </button>
        <Link href={BACK} className="btn" data-variant="ghost">
          {t('action.cancel')}
        </Link>
        {dirty && (
          <span role="status" className="text-muted-foreground ms-auto text-xs">
            {t('form.dirty')}
          </span>
        )}
      </div>
    </form>
  )
}

function NameField({ editor: { draft, change, problems } }: { editor: RoleEditor }) {
  const { t } = useTexts()
  const id = useId()
  const code = problems['/name']
  return (
    <div className="field role-name">
      <label htmlFor={id}>{t('roles.name')}</label>
      <input
        id={id}
        type="text"
        className="input"
        value={draft.name}
        maxLength={100}
        placeholder={t('roles.name.example')}
        aria-invalid={code ? true : undefined}
        aria-describedby={code ? `${id}-problem` : undefined}
        onChange={({ target }) => change({ ...draft, name: target.value }, '/name')}
      />
      <Refusal id={`${id}-problem`} code={code} />
    </div>
  )
}

/** Which records, and which of their fields, of all that the role reads or of which something is said. */
function Resources({ editor }: { editor: RoleEditor }) {
  const { t } = useTexts()
  const id = useId()
  const { resources } = useComposition()
  const { permissions, rows, fields } = editor.draft
  const shown = resources.filter(
    ({ name }) => permissions.includes(`${name}.read`) || rows[name]?.read || rows[name]?.write || fields[name],
  )
  return (
    <section className="role-part" aria-labelledby={id}>
      <h2 id={id}>{t('roles.limits')}</h2>
      <p className="text-muted-foreground text-sm">{t(shown.length > 0 ? 'roles.limits.text' : 'roles.limits.none')}</p>
      {shown.map((resource) => (
        <ResourcePart key={resource.name} resource={resource} editor={editor} />
      ))}
    </section>
  )
}

/** What stands in the way and belongs to no single place. */
function Trouble({ editor, reload }: { editor: RoleEditor; reload?: (() => void) | undefined }) {
  const { t } = useTexts()
  const { problems, failure, isStale } = editor
  const count = Object.keys(problems).length
  if (!failure && count === 0) return null
  const text = isStale ? t('roles.stale') : failure ? problemText(failure, t) : t('roles.refused', { count })
  return (
    <div role="alert" className="form-notice" data-kind="error" data-refused tabIndex={-1}>
      <CircleAlert aria-hidden className="text-destructive size-4 shrink-0" />
      <p className="min-w-0 flex-1">{text}</p>
      {isStale && reload && (
        <button type="button" className="btn" data-variant="outline" data-size="sm" onClick={reload}>
          <RotateCw aria-hidden />
          {t('roles.reload')}
        </button>
      )}
    </div>
  )
}
