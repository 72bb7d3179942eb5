import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { Link, useSearch } from 'wouter'
import { FailurePage } from '../../shell/failure-page.tsx'
import { LoadingPage } from '../../shell/notice.tsx'
import { usePageHeading } from '../../shell/page.tsx'
import { useTexts } from '../../shell/texts.ts'
import { NotFoundPage } from '../not-found.tsx'
import { copyOf, draftOf, EMPTY, type RoleDraft } from './role-draft.ts'
import { RoleForm } from './role-form.tsx'
import { type Role, rolesOptions } from './role.ts'

const BACK = '/settings/roles'

/** Makes a role, also after another one, or changes the one with `id`. */
export function RolePage({ id }: { id?: string }) {
  const { t } = useTexts()
  const from = new URLSearchParams(useSearch()).get('from')
  const { data: roles, error, refetch } = useQuery(rolesOptions)
  const [round, setRound] = useState(0)
  if (!id && !from) return <Writing role={null} start={EMPTY} />
  if (!roles) return error ? <FailurePage error={error} retry={() => void refetch()} /> : <LoadingPage />
  const role = roles.find((each) => each.id === (id ?? from))
  if (!role) return <NotFoundPage />
  if (!id) return <Writing role={null} start={copyOf(role, t('roles.copy', { name: role.name }))} />
  const reload = async () => {
    await refetch()
    setRound(round + 1)
  }
  return <Writing key={round} role={role} start={draftOf(role)} reload={() => void reload()} />
}

interface WritingProps {
  role: Role | null
  start: RoleDraft
  reload?: () => void
}

function Writing({ role, start, reload }: WritingProps) {
  const { t } = useTexts()
  // What one started from: a newer role that arrives meanwhile must not be pulled under the writer's hands.
  const [first] = useState({ role, start })
  const title = role ? t('roles.edit', { name: role.name }) : t('roles.new')
  const heading = usePageHeading(title)
  return (
    <div className="page page-form">
      <header className="page-header">
        <div className="min-w-0 flex-1">
          <Link href={BACK} className="back-link">
            <ArrowLeft aria-hidden className="size-4" />
            {t('roles.title')}
          </Link>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
        </div>
      </header>
      <RoleForm {...first} reload={reload} />
    </div>
  )
}
