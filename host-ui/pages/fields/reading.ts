import { useMemo } from 'react'
import { useUsers } from '../../shell/queries.ts'
import { localeOf } from '../../shell/i18n.ts'
import type { Reading } from './text.ts'
import { useTexts } from '../../shell/texts.ts'

export function useReading(): Reading {
  const { t, i18n } = useTexts()
  const users = useUsers()
  const lang = localeOf(i18n.language)
  return useMemo(() => ({ t, lang, people: new Map(users.map(({ id, name }) => [id, name])) }), [t, lang, users])
}
