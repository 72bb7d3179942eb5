import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import type { Row, Schema } from '../../sdk/index.ts'
import { type Resource, useComposition } from '../../shell/composition.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { schemaOptions } from '../../shell/queries.ts'
import { useTexts } from '../../shell/texts.ts'
import { titleOf } from '../fields/title.ts'
import { nameOrId } from '../list/list-name.tsx'
import { dryRunOptions, type Order } from './rule.ts'
import { nameOfResource } from './rule-words.ts'

/** What a rule would do now: to how many records, and to which, for example. */
export function DryRunResult({ order }: { order: Order }) {
  const { t } = useTexts()
  const { resource: find } = useComposition()
  const query = useQuery(dryRunOptions(order))
  const { data: schema } = useQuery({ ...schemaOptions(order.resource), enabled: Boolean(find(order.resource)) })
  const resource = find(order.resource)
  const what = resource ? nameOfResource(resource, t) : order.resource
  // One that was asked before may say something else by now.
  const fresh = query.isFetching ? { ...query, data: undefined, error: null } : query
  return (
    <Loaded query={fresh}>
      {({ count, sample }) => (
        <div className="dry-run">
          <p role="status" className="font-medium">
            {t(`privacy.dry.${order.act}`, { count, what })}
          </p>
          {resource && schema && sample.length > 0 && <Sample {...{ resource, schema, sample, count }} />}
          {count > 0 && sample.length === 0 && <p className="text-muted-foreground">{t('privacy.dry.unseen')}</p>}
        </div>
      )}
    </Loaded>
  )
}

interface SampleProps {
  resource: Resource
  schema: Schema
  sample: readonly Row[]
  count: number
}

function Sample({ resource, schema, sample, count }: SampleProps) {
  const { t } = useTexts()
  const rest = count - sample.length
  return (
    <ul className="dry-run-sample">
      {sample.map((row) => (
        <li key={row.id}>
          <Link href={`/${resource.name}/${row.id}`} className="underline underline-offset-4">
            {nameOrId(titleOf(row, schema), row)}
          </Link>
        </li>
      ))}
      {rest > 0 && <li className="text-muted-foreground">{t('task.more', { count: rest })}</li>}
    </ul>
  )
}
