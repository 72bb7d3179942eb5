import type { i18n as I18n } from 'i18next'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Translate } from '../sdk/index.ts'

/** i18next's own type of `t` has a dozen shapes; the house speaks one, the same as plugins get. */
export function useTexts(): { t: Translate; i18n: I18n } {
  const { t, i18n } = useTranslation()
  return { t: t as unknown as Translate, i18n }
}

export const textsOf = (i18n: I18n, lang: string, namespaces: string | string[]): Translate =>
  i18n.getFixedT(lang, namespaces) as unknown as Translate

/** The texts of one plugin; the same function as long as the language is the same. */
export function usePluginTexts(plugin: string): Translate {
  const { i18n } = useTranslation()
  const { language } = i18n
  return useMemo(() => textsOf(i18n, language, plugin), [i18n, language, plugin])
}
