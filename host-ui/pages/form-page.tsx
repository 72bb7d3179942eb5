import { useQuery } from '@tanstack/react-query'
import { ArrowLeft } from 'lucide-react'
import { useState } from 'react'
import { Link, useLocation, useSearch } from 'wouter'
import { RecordForm } from '../form/record-form.tsx'
import type { Row, Schema } from '../sdk/index.ts'
import { api, queries, refetchRecords } from '../shell/client.ts'
import { type Resource, useComposition } from '../shell/composition.tsx'
import { FailurePage } from '../shell/failure-page.tsx'
import { LoadingPage } from '../shell/notice.tsx'
import { usePageHeading } from '../shell/page.tsx'
import { isMissing } from '../shell/problem.ts'
import { rowOptions, schemaOptions, type User, useUsers } from '../shell/queries.ts'
import { notify } from '../shell/toast.tsx'
import { setUnsaved, useLeaveGuard } from '../shell/unsaved.tsx'
import { titleOf } from './fields/title.ts'
import { nameOrId } from './list/list-name.tsx'
import { MissingRecord } from './record/missing-record.tsx'
import { trailOf } from './record/trail.ts'
import { usePluginTexts, useTexts } from '../shell/texts.ts'

/** Creates a record, or changes the one with `id`. */
export function FormPage({ resource, id }: { resource: Resource; id?: string }) {
  const schema = useQuery(schemaOptions(resource.name))
  const row = useQuery({ ...rowOptions(resource, id ?? ''), enabled: Boolean(id) })
  if (isMissing(row.error) && id) return <MissingRecord resource={resource} id={id} />
  const error = schema.error ?? row.error
  if (!schema.data || (id && !row.data)) {
    const retry = () => void Promise.all([schema.refetch(), id ? row.refetch() : undefined])
    return error ? <FailurePage error={error} retry={retry} /> : <LoadingPage />
  }
  return <Writing key={id ?? 'new'} resource={resource} schema={schema.data} row={row.data} />
}

/** Whom a record names and the reader may not know is somebody all the same. */
function useNamed(schema: Schema, row: Row | undefined): Pick<User, 'id' | 'name'>[] {
  const { t } = useTexts()
  const users = useUsers()
  if (useComposition().can('users.read')) return users
  const asked = Object.entries(schema.properties as Record<string, Schema>).filter(
    ([, each]) => each['x-ref'] === 'users',
  )
  const ids = new Set(asked.map(([name]) => row?.[name]).filter((id) => typeof id === 'string'))
  const strangers = [...ids].filter((id) => !users.some((user) => user.id === id))
  return [...users, ...strangers.map((id) => ({ id, name: t('value.hiddenUser') }))]
}

function Writing({ resource, schema, row }: { resource: Resource; schema: Schema; row: Row | undefined }) {
  const { t, i18n } = useTexts()
  const { permissions } = useComposition()
  const [, navigate] = useLocation()
  const search = useSearch()
  const users = useNamed(schema, row)
  // What one started from: a newer row that arrives meanwhile must not be pulled under the writer's hands.
  const [first] = useState(row)
  const one = t(`${resource.plugin}:${resource.name}.one`)
  const name = first ? nameOrId(titleOf(first, schema), first) : ''
  const title = first ? t('form.title.edit', { name }) : t('form.title.new', { what: one })
  const heading = usePageHeading(title)
  const back = first ? `/${resource.name}/${first.id}` : trailOf(resource).back
  const own = usePluginTexts(resource.plugin)
  useLeaveGuard()

  const saved = (next: Row, { joined }: { joined: boolean }) => {
    setUnsaved(false)
    queries.setQueryData(rowOptions(resource, next.id).queryKey, next)
    void refetchRecords(resource.name)
    notify(t(first ? 'record.saved' : 'record.created', { name: nameOrId(titleOf(next, schema), next) }))
    if (joined) notify(t('form.conflict.joined'), 'info')
    navigate(`/${resource.name}/${next.id}`, { replace: true })
  }
  return (
    <div className="page page-form">
      <header className="page-header">
        <div className="min-w-0 flex-1">
          <Link href={back} className="back-link">
            <ArrowLeft aria-hidden className="size-4" />
            {first ? name : t(`${resource.plugin}:${resource.name}`)}
          </Link>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
        </div>
      </header>
      <RecordForm
        schema={schema}
        row={first}
        api={api}
        t={own}
        lang={i18n.language}
        permissions={permissions}
        users={users}
        resource={resource}
        initial={first ? undefined : Object.fromEntries(new URLSearchParams(search))}
        onSaved={saved}
        onCancel={() => navigate(back)}
        onDirty={setUnsaved}
      />
    </div>
  )
}
