import { createInstance } from 'i18next'
import { initReactI18next } from 'react-i18next'
import formEn from '../form/locales/en.json' with { type: 'json' }
import formFr from '../form/locales/fr.json' with { type: 'json' }
import en from '../locales/en.json' with { type: 'json' }
import fr from '../locales/fr.json' with { type: 'json' }
import { recall, remember } from './memory.ts'

export const LANGUAGES = ['en', 'fr'] as const
export type Language = (typeof LANGUAGES)[number]

export const i18n = createInstance()

const MEMORY = 'weft.language'

/** The texts of the host; those of plugins come with `GET /api/ui`, one namespace each. */
export async function startTexts(): Promise<void> {
  await i18n.use(initReactI18next).init({
    lng: firstLanguage(),
    fallbackLng: 'en',
    supportedLngs: LANGUAGES,
    ns: ['host'],
    defaultNS: 'host',
    keySeparator: false,
    nsSeparator: ':',
    interpolation: { escapeValue: false },
    resources: { en: { host: { ...en, ...formEn } }, fr: { host: { ...fr, ...formFr } } },
  })
  // Names of resources are written as titles; inside of a sentence they are common nouns.
  i18n.services.formatter?.add('lower', (value: string, language) => value.toLocaleLowerCase(language))
  mirror(i18n.language)
  i18n.on('languageChanged', mirror)
}

/**
 * The language with the reader's own region where the browser knows it: 22/11/2026 in London is 11/22/2026 in Boston.
 */
export const localeOf = (language: string): string =>
  navigator.languages.find((locale) => locale.toLowerCase().startsWith(`${language}-`)) ?? language

export function asLanguage(value: string | null | undefined): Language | undefined {
  const code = value?.slice(0, 2).toLowerCase()
  return LANGUAGES.find((language) => language === code)
}

/** The language of the last session on this device, else the first of the browser's that is spoken here. */
function firstLanguage(): Language {
  return asLanguage(recall<string>(MEMORY)) ?? navigator.languages.map(asLanguage).find(Boolean) ?? 'en'
}

function mirror(language: string): void {
  document.documentElement.lang = language
}

/** Called when somebody chose a language or signed in, so that the next sign-in page speaks it. */
export const rememberLanguage = (language: string) => remember(MEMORY, language)

export function addPluginTexts(language: string, locales: Record<string, Record<string, string>>): void {
  for (const [plugin, texts] of Object.entries(locales)) i18n.addResourceBundle(language, plugin, texts, false, true)
}
