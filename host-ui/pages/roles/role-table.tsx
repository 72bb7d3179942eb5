import { Copy, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { useTexts } from '../../shell/texts.ts'
import { PanelTable } from '../panel-table.tsx'
import { KERNEL_ROLES } from '../people/people.ts'
import { RemoveRole } from './remove-role.tsx'
import type { Role } from './role.ts'
import { type Holders, useHolders } from './use-holders.ts'

export function RoleTable({ roles }: { roles: readonly Role[] }) {
  const { t } = useTexts()
  const holdersOf = useHolders()
  const [removed, setRemoved] = useState<Role | null>(null)
  const columns = ['name', 'gives', 'people'].map((column) => t(`roles.${column}`))
  return (
    <>
      <PanelTable label={t('roles.roles')} columns={columns} actions={t('keys.actions')} stacked>
        {KERNEL_ROLES.toReversed().map((role) => (
          <tr key={role}>
            <th scope="row" className="font-medium">
              {t(`people.role.${role}`)}
            </th>
            <td className="wide text-muted-foreground">{t(`roles.kernel.${role}`)}</td>
            <Count holders={holdersOf(role)} />
            <td />
          </tr>
        ))}
        {roles.map((role) => (
          <RoleRow key={role.id} role={role} holders={holdersOf(role.id)} onRemove={() => setRemoved(role)} />
        ))}
      </PanelTable>
      {removed && <RemoveRole role={removed} onClose={() => setRemoved(null)} />}
    </>
  )
}

function Count({ holders: { members, invited } }: { holders: Holders }) {
  const { t } = useTexts()
  const names = [...members, ...invited].join(', ')
  return (
    <td data-label={t('roles.people')}>
      <span title={names || undefined}>
        {t('roles.count', { count: members.length })}
        {invited.length > 0 && ` · ${t('roles.invited', { count: invited.length })}`}
      </span>
    </td>
  )
}

/** What a role gives, as far as it fits in a line. */
function useSummary({ permissions, rows, fields }: Role): string {
  const { t } = useTexts()
  const grants = Object.values(fields).flatMap((each) => Object.values(each))
  const hidden = grants.filter((grant) => grant === 'masked').length
  const fixed = grants.length - hidden
  return [
    t('keys.count', { count: permissions.length }),
    ...(Object.keys(rows).length > 0 ? [t('roles.summary.rows')] : []),
    ...(hidden > 0 ? [t('roles.summary.masked', { count: hidden })] : []),
    ...(fixed > 0 ? [t('roles.summary.read', { count: fixed })] : []),
  ].join(' · ')
}

function RoleRow({ role, holders, onRemove }: { role: Role; holders: Holders; onRemove(): void }) {
  const { t } = useTexts()
  const { id, name } = role
  const icon = { className: 'btn', 'data-variant': 'ghost', 'data-size': 'icon-sm' }
  const named = (key: string) => ({ 'aria-label': t(key, { name }), title: t(key, { name }) })
  return (
    <tr>
      <th scope="row" className="font-medium">
        <Link href={`/settings/roles/${id}`} className="underline-offset-4 hover:underline">
          {name}
        </Link>
      </th>
      <td className="wide text-muted-foreground">{useSummary(role)}</td>
      <Count holders={holders} />
      <td className="text-right whitespace-nowrap">
        <Link href={`/settings/roles/${id}`} {...icon} {...named('roles.edit.of')}>
          <Pencil aria-hidden />
        </Link>
        <Link href={`/settings/roles/new?from=${id}`} {...icon} {...named('roles.copy.of')}>
          <Copy aria-hidden />
        </Link>
        <button type="button" {...icon} {...named('roles.remove.of')} onClick={onRemove}>
          <Trash2 aria-hidden />
        </button>
      </td>
    </tr>
  )
}
