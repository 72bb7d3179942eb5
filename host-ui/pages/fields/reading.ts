import { useMemo } from 'react'
import { useComposition } from '../../shell/composition.tsx'
import { useUsers } from '../../shell/queries.ts'
import { localeOf } from '../../shell/i18n.ts'
import type { Reading } from './text.ts'
import { useTexts } from '../../shell/texts.ts'

export function useReading(): Reading {
  const { t, i18n } = useTexts()
  const users = useUsers()
  const lang = localeOf(i18n.language)
  const hidesPeople = !useComposition().can('users.read')
  return useMemo(
    () => ({ t, lang, people: new Map(users.map(({ id, name }) => [id, name])), hidesPeople }),
    [t, lang, users, hidesPeople],
  )
}
