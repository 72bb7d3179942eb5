import type { Translate } from '../sdk/index.ts'
import { ApiProblem } from '../sdk/index.ts'
import { i18n } from './i18n.ts'

/** A sentence for what the server refused, by its code, else by its status; never the raw English of a library. */
export function problemText(error: unknown, t: Translate): string {
  if (!(error instanceof ApiProblem)) return t('problem.unexpected')
  const keys = [`problem.${error.code}`, `problem.${error.status}`, error.status >= 500 ? 'problem.server' : '']
  const known = keys.find((key) => key && i18n.exists(key))
  return t(known ?? 'problem.unexpected', { ...error.errors[0]?.params, code: error.code })
}

export const isMissing = (error: unknown) => error instanceof ApiProblem && error.status === 404
