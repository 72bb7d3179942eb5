import { formatDateTime } from '../../sdk/index.ts'

export function Clock({ at, lang }: { at: string; lang: string }) {
  const time = new Intl.DateTimeFormat(lang, { hour: '2-digit', minute: '2-digit' }).format(new Date(at))
  return (
    <time dateTime={at} title={formatDateTime(at, lang, 'long')} className="text-muted-foreground text-xs tabular-nums">
      {time}
    </time>
  )
}
