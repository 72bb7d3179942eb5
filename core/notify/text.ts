/** Texts of plugins with their holes filled. */
import type { JsonObject } from '../contract.ts'

export type Locales = { readonly [language: string]: JsonObject }

export const keyOf = (key: string): string => `notify.${key}`

/** In a language, else in English, else the key itself. */
export function fillText(locales: Locales, language: string, key: string, params: JsonObject): string {
  const text = locales[language]?.[key] ?? locales.en?.[key] ?? key
  return String(text).replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : whole,
  )
}
