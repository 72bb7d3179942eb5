import { useQuery } from '@tanstack/react-query'
import { Plus, UserCog } from 'lucide-react'
import { Link } from 'wouter'
import { Loaded } from '../../shell/loaded.tsx'
import { Empty } from '../../shell/notice.tsx'
import { Page } from '../../shell/page.tsx'
import { useTexts } from '../../shell/texts.ts'
import { rolesOptions } from './role.ts'
import { RoleTable } from './role-table.tsx'
import { Teams } from './teams.tsx'

/** What people may do here: the roles, and the teams whose members meet each other's records. */
export function RolesPage() {
  const { t } = useTexts()
  return (
    <Page title={t('roles.title')} lead={t('roles.lead')}>
      <Roles />
      <Teams />
    </Page>
  )
}

function Roles() {
  const { t } = useTexts()
  const query = useQuery(rolesOptions)
  const add = (
    <Link href="/settings/roles/new" className="btn" data-size="sm">
      <Plus aria-hidden />
      {t('roles.new')}
    </Link>
  )
  return (
    <section className="page-section">
      <header>
        <h2>{t('roles.roles')}</h2>
        {query.data && query.data.length > 0 && add}
      </header>
      <Loaded query={query}>
        {(roles) => (
          <>
            <RoleTable roles={roles} />
            {roles.length === 0 && (
              <Empty icon={UserCog} title={t('roles.empty.title')} text={t('roles.empty.text')}>
                {add}
              </Empty>
            )}
          </>
        )}
      </Loaded>
    </section>
  )
}
