import { textsOf, useTexts } from './texts.ts'

/** What a plugin is called in its own words; its id where it has none, as when it is switched off. */
export function usePluginName(): (plugin: string) => string {
  const { i18n } = useTexts()
  return (plugin) => textsOf(i18n, i18n.language, plugin)(plugin)
}
