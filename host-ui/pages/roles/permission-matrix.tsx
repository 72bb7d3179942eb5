import { useId } from 'react'
import { useComposition } from '../../shell/composition.tsx'
import { useTexts } from '../../shell/texts.ts'
import { byOwner, ownerOf, usePermissionNames, verbOf } from '../permission-name.ts'
import { Refusal } from './refusal.tsx'
import type { Problems } from './role-draft.ts'
import { MANAGE } from './role.ts'

const VERBS = ['read', 'create', 'update', 'delete']

interface MatrixProps {
  chosen: readonly string[]
  problems: Problems
  onChange(permissions: readonly string[]): void
}

/** What there is to give: the four verbs of what holds records, by plugin, and all else. */
function useOffer(chosen: readonly string[]) {
  const { permissions } = useComposition()
  const { pluginOf } = usePermissionNames()
  const offered = permissions.filter((permission) => permission !== MANAGE)
  const owners = [...new Set(offered.filter((each) => ['create', 'update'].includes(verbOf(each))).map(ownerOf))]
  const isVerb = (permission: string) => owners.includes(ownerOf(permission)) && VERBS.includes(verbOf(permission))
  return {
    owners: owners.toSorted((a, b) => (pluginOf(a) < pluginOf(b) ? -1 : pluginOf(a) > pluginOf(b) ? 1 : 0)),
    given: new Set(offered),
    further: byOwner(offered.filter((permission) => !isVerb(permission))),
    /** Of plugins that are switched off. */
    away: chosen.filter((permission) => !offered.includes(permission)),
  }
}

export function PermissionMatrix({ chosen, problems, onChange }: MatrixProps) {
  const { t } = useTexts()
  const id = useId()
  const { owners, given, further, away } = useOffer(chosen)
  const toggle = (permission: string) => {
    if (chosen.includes(permission)) return onChange(chosen.filter((each) => each !== permission))
    const read = `${ownerOf(permission)}.read`
    // What one does not see, one can hardly change.
    const more = owners.includes(ownerOf(permission)) && given.has(read) ? [permission, read] : [permission]
    onChange([...new Set([...chosen, ...more])])
  }
  const choice = { chosen, problems, onToggle: toggle }
  return (
    <section className="role-part">
      <h2 id={id}>{t('keys.permissions')}</h2>
      <p className="text-muted-foreground text-sm">{t('roles.permissions.text')}</p>
      <div className="table-container panel-table role-matrix" tabIndex={0} role="region" aria-labelledby={id}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('roles.resource')}</th>
              {VERBS.map((verb) => (
                <th key={verb} scope="col">
                  {t(`verb.${verb}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {owners.map((owner) => (
              <Row key={owner} owner={owner} given={given} {...choice} />
            ))}
          </tbody>
        </table>
      </div>
      <h3 className="role-further-title">{t('roles.further')}</h3>
      <div className="role-further">
        {further.map(([owner, owned]) => (
          <Further key={owner} owner={owner} owned={owned} {...choice} />
        ))}
      </div>
      {away.length > 0 && (
        <fieldset className="permission-owner">
          <legend>{t('roles.away')}</legend>
          {away.map((permission) => (
            <Choice key={permission} permission={permission} text={permission} {...choice} />
          ))}
        </fieldset>
      )}
    </section>
  )
}

interface ChoiceProps {
  chosen: readonly string[]
  problems: Problems
  onToggle(permission: string): void
}

function Row({ owner, given, chosen, problems, onToggle }: ChoiceProps & { owner: string; given: Set<string> }) {
  const { ownerName, verbName } = usePermissionNames()
  const name = ownerName(owner)
  return (
    <tr>
      <th scope="row" className="font-medium">
        {name}
      </th>
      {VERBS.map((verb) => `${owner}.${verb}`).map((permission) => (
        <td key={permission}>
          {given.has(permission) && (
            <input
              type="checkbox"
              className="input"
              aria-label={`${name}, ${verbName(permission)}`}
              checked={chosen.includes(permission)}
              aria-invalid={problems[`/permissions/${permission}`] ? true : undefined}
              onChange={() => onToggle(permission)}
            />
          )}
          <Refusal code={problems[`/permissions/${permission}`]} />
        </td>
      ))}
    </tr>
  )
}

function Further({ owner, owned, ...choice }: ChoiceProps & { owner: string; owned: readonly string[] }) {
  const { ownerName, verbName } = usePermissionNames()
  return (
    <fieldset className="permission-owner">
      <legend>{ownerName(owner)}</legend>
      {owned.map((permission) => (
        <Choice key={permission} permission={permission} text={verbName(permission)} {...choice} />
      ))}
    </fieldset>
  )
}

function Choice({ permission, text, chosen, problems, onToggle }: ChoiceProps & { permission: string; text: string }) {
  const code = problems[`/permissions/${permission}`]
  return (
    <div>
      <label className="choice">
        <input
          type="checkbox"
          className="input"
          checked={chosen.includes(permission)}
          aria-invalid={code ? true : undefined}
          onChange={() => onToggle(permission)}
        />
        {text}
      </label>
      <Refusal code={code} />
    </div>
  )
}
