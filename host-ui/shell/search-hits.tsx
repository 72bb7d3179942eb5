import { useQueries } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import type { ReactNode } from 'react'
import { titleOf } from '../pages/fields/title.ts'
import { nameOrId } from '../pages/list/list-name.tsx'
import type { Row, Schema, Translate } from '../sdk/index.ts'
import { Avatar } from './avatar.tsx'
import { type Resource, useComposition } from './composition.tsx'
import { useDelayed } from './delay.ts'
import { listOptions, schemaOptions } from './queries.ts'
import { useTexts } from './texts.ts'

export interface Hit {
  href: string
  title: string
  detail: string
  picture: ReactNode
}

const PER_RESOURCE = '7'

/** Records of every resource that stands by itself; without a question, what one can begin. */
export function useHits(text: string): { hits: Hit[]; pending: boolean } {
  const { t } = useTexts()
  const { resources, can } = useComposition()
  const q = useDelayed(text, 150)
  const searched = resources.filter(({ belongsTo, name }) => belongsTo === null && can(`${name}.read`))
  const schemas = useQueries({ queries: searched.map(({ name }) => schemaOptions(name)) })
  const lists = useQueries({
    queries: searched.map((each) => ({ ...listOptions(each, { q, limit: PER_RESOURCE }), enabled: q !== '' })),
  })
  if (!text) return { hits: starts(searched, can, t), pending: false }

  const found = searched.flatMap((resource, index) => {
    const schema = schemas[index]?.data
    return schema ? (lists[index]?.data?.items ?? []).map((row) => hitOf(resource, schema, row)) : []
  })
  return { hits: found, pending: q !== text || lists.some((list) => list.isLoading) }
}

function hitOf(resource: Resource, schema: Schema, row: Row): Hit {
  const title = titleOf(row, schema)
  const name = nameOrId(title, row)
  const detail = title.note || [row.email, row.phone].find((value) => typeof value === 'string') || ''
  return { href: `/${resource.name}/${row.id}`, title: name, detail, picture: <Avatar name={name} /> }
}

function starts(resources: Resource[], can: (permission: string) => boolean, t: Translate): Hit[] {
  const writable = resources.filter(({ name }) => can(`${name}.create`))
  return writable.map(({ name, plugin }) => ({
    href: `/${name}/new`,
    title: t('list.new', { what: t(`${plugin}:${name}.one`) }),
    detail: '',
    picture: <Plus aria-hidden className="size-4" />,
  }))
}
