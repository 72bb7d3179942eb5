import { useQuery } from '@tanstack/react-query'
import type { Row, Schema, Translate } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'
import { rowOptions, schemaOptions } from '../../shell/queries.ts'
import { fieldsOf } from '../fields/field.ts'
import type { Reading } from '../fields/text.ts'
import { titleOf } from '../fields/title.ts'
import { nameOrId } from '../list/list-name.tsx'
import type { Line } from '../record/history-entry.ts'
import { linesOf, type Proposal, type Verb, verbOf } from './proposal.ts'

interface Subject {
  readonly title: string
  /** The page of the row, where there is one. */
  readonly href: string | null
  readonly lines: readonly Line[]
  readonly verb: Verb
}

interface Known {
  readonly resource: Resource
  readonly schema: Schema | undefined
  readonly row: Row | undefined
  readonly other: Row | undefined
  readonly verb: Verb
}

/** What it is about, in the words of its resource. */
export function useSubject(proposal: Proposal, resource: Resource | undefined, reading: Reading): Subject {
  const { rowId, body, route, method } = proposal
  const verb = verbOf(proposal, resource)
  const { data: schema } = useQuery({ ...schemaOptions(resource?.name ?? ''), enabled: Boolean(resource) })
  const row = useRow(resource, rowId)
  const other = useRow(resource, verb === 'merge' && typeof body?.with === 'string' ? body.with : null)
  if (!resource || verb === 'other') {
    const title = `${reading.t('approvals.verb.other')} · ${method} ${route.replace('/api/', '')}`
    return { title, href: null, lines: [], verb }
  }
  const known = { resource, schema, row, other, verb }
  const href = row && resource.belongsTo === null ? `/${resource.name}/${row.id}` : null
  return { title: titleFor(proposal, known, reading.t), href, lines: linesFor(proposal, known, reading), verb }
}

const nameOf = (row: Row | undefined, schema: Schema | undefined) =>
  row && schema ? nameOrId(titleOf(row, schema), row) : ''

function titleFor({ body }: Proposal, { resource, schema, row, verb }: Known, t: Translate): string {
  const what = t(`approvals.verb.${verb}`, { what: t(`${resource.plugin}:${resource.name}.one`) })
  const made = verb === 'create' && body ? (body as Row) : undefined
  const name = nameOf(row ?? made, schema)
  return name ? `${what} · ${name}` : what
}

function linesFor(
  proposal: Proposal,
  { resource, schema, row, other, verb }: Known,
  reading: Reading,
): readonly Line[] {
  if (!schema || verb === 'delete') return []
  if (verb === 'merge')
    return [{ path: 'with', label: reading.t('approvals.merge.with'), before: '', after: nameOf(other, schema) }]
  // What stands there once it is decided says nothing of what stood there before.
  const before = proposal.state === 'waiting' && verb === 'update' ? row : undefined
  return linesOf(proposal.body, before, fieldsOf(resource, schema), reading)
}

/** One that is not there any more is no failure of the page. */
function useRow(resource: Resource | undefined, id: string | null): Row | undefined {
  const { data, error } = useQuery({
    ...rowOptions(resource ?? ({ name: '', path: '' } as Resource), id ?? ''),
    enabled: Boolean(resource && id),
    retry: false,
  })
  return error ? undefined : data
}
