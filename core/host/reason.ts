/** Why a plugin is away: a code and what it is about, told in the words of whoever reads it. */
import type { Cause } from '../data/schemas.ts'
import { fillText, type Locales } from '../notify/text.ts'
import en from './locales/en.json' with { type: 'json' }
import fr from './locales/fr.json' with { type: 'json' }

export interface Reason extends Cause {
  readonly rule: string
  readonly mend: string
}

const LOCALES: Locales = { en, fr }

/** The reason of a reason, in `because`, is told in the same language. */
export function wordReason({ code, params }: Cause, language: string): Pick<Reason, 'rule' | 'mend'> {
  const because = params.because as Cause | undefined
  const told = because ? { ...params, because: wordReason(because, language).rule } : params
  const fill = (part: string) => fillText(LOCALES, language, `${code}.${part}`, told)
  return { rule: fill('rule'), mend: fill('mend') }
}

/** With English words, as logs and the command line tell it. */
export const faultOf = (plugin: string, { code, params }: Cause, version?: string | null) => ({
  plugin,
  ...(version ? { version } : {}),
  code,
  params,
  ...wordReason({ code, params }, 'en'),
})

/** What only an author can have done wrong is told to the author, as a compiler would. */
export const illMade = (detail: string, mend: string): Cause => ({
  code: 'ill_made',
  params: { detail, mend },
})

export const leftOutWith = (other: string, { code, params }: Cause): Cause => ({
  code: 'requires_left_out',
  params: { other, because: { code, params } },
})
