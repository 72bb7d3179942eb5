import { formatDateTime } from '../sdk/index.ts'
import { localeOf } from './i18n.ts'
import { useTexts } from './texts.ts'

/** A moment as far away as it is; the whole of it on a closer look. */
export function When({ at }: { at: string }) {
  const lang = localeOf(useTexts().i18n.language)
  return (
    <time dateTime={at} title={formatDateTime(at, lang, 'long')}>
      {formatDateTime(at, lang, 'relative')}
    </time>
  )
}
