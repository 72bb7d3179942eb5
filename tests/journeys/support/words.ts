/** What the screen says in a language, so that a journey finds things as a reader does, by their words. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInstance, type TOptions } from 'i18next'
import { ROOT } from '../../../core/host/catalogue.ts'

export const LANGUAGES = ['en', 'fr'] as const
export type Language = (typeof LANGUAGES)[number]
export type Words = (key: string, values?: TOptions) => string

const read = (folder: string, language: Language) =>
  JSON.parse(readFileSync(join(ROOT, folder, 'locales', `${language}.json`), 'utf8')) as Record<string, string>

export const shippedPlugins = readdirSync(join(ROOT, 'plugins')).filter((id) =>
  existsSync(join(ROOT, 'plugins', id, 'manifest.json')),
)

/** Keys of plugins begin with the plugin's id: `interactions:widget.timeline`. */
export function wordsOf(language: Language): Words {
  const host = { ...read('host-ui', language), ...read('host-ui/form', language) }
  const plugins = Object.fromEntries(shippedPlugins.map((id) => [id, read(`plugins/${id}`, language)]))
  const i18n = createInstance()
  void i18n.init({
    lng: language,
    initAsync: false,
    ns: ['host'],
    defaultNS: 'host',
    keySeparator: false,
    interpolation: { escapeValue: false },
    resources: { [language]: { host, clients: read('core/client', language), ...plugins } },
  })
  i18n.services.formatter?.add('lower', (value: string) => value.toLocaleLowerCase(language))
  return (key, values) => {
    if (!i18n.exists(key, values)) throw new Error(`There are no words for ${key} in ${language}.`)
    return i18n.t(key, values ?? {})
  }
}
