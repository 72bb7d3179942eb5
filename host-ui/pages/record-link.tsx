import { Link } from 'wouter'
import { useComposition } from '../shell/composition.tsx'
import { useTexts } from '../shell/texts.ts'

/** A record of which the id alone is known; a link where it has a page for the reader. */
export function RecordLink({ resource, id }: { resource: string | null; id: string }) {
  const { t } = useTexts()
  const { resource: find, can } = useComposition()
  const found = resource === null ? undefined : find(resource)
  const short = `#${id.slice(-6)}`
  const text = found ? `${t(`${found.plugin}:${found.name}.one`)} ${short}` : short
  if (!found || found.belongsTo !== null || !can(`${found.name}.read`)) return <span>{text}</span>
  return (
    <Link href={`/${found.name}/${id}`} className="underline underline-offset-4">
      {text}
    </Link>
  )
}
