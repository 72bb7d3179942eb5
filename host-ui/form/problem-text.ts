import type { ApiProblem, ProblemEntry, Schema } from 'weft/ui'
import { segments } from './validation.ts'
import type { Texts } from './texts.ts'

/** Messages by the pointer of their field; an error inside a list is told at the list. */
export function messagesOf(entries: readonly ProblemEntry[], schema: Schema, texts: Texts): Record<string, string> {
  const messages: Record<string, string> = {}
  for (const entry of entries) {
    const pointer = fieldPointer(entry.path)
    messages[pointer] ??= messageOf(entry, propertyAt(schema, segments(pointer)), texts)
  }
  return messages
}

/** From the particular to the general: `unique.email`, `unique`, then the bare code. */
function messageOf({ code, params }: ProblemEntry, property: Schema | undefined, { host }: Texts): string {
  const kind = code === 'type' ? property?.type : code === 'required' ? undefined : (params?.format ?? property?.format)
  const keys = [...(kind ? [`form.error.${code}.${kind}`] : []), `form.error.${code}`]
  const found = keys.map((key) => host(key, { ...params, defaultValue: '' })).find(Boolean)
  return found ?? host('form.error.other', { code })
}

/** What is said above the form when the server's answer belongs to no field. */
export function generalMessage(problem: ApiProblem, { host }: Texts): string {
  const { status, code } = problem
  const keys: Record<number, string> = { 0: 'offline', 401: 'session', 403: 'forbidden', 404: 'gone', 429: 'many' }
  if (keys[status]) return host(`form.problem.${keys[status]}`)
  if (status === 409 && code !== 'unique') return host('form.problem.busy')
  return host(status >= 500 ? 'form.problem.server' : 'form.problem.refused', { code })
}

/** `/tags/3` is shown at `/tags`. */
export function fieldPointer(path: string): string {
  const plain = path.startsWith('/') ? path : `/${path.replaceAll('.', '/')}`
  return plain.replace(/\/\d+(\/.*)?$/, '')
}

export function propertyAt(schema: Schema, path: readonly string[]): Schema | undefined {
  return path.reduce<Schema | undefined>((inner, name) => inner?.properties?.[name], schema)
}

export const pointerOf = (path: readonly (string | number)[]) => path.map((name) => `/${name}`).join('')

/** rjsf joins the names of a path by underscores. */
export const fieldId = (pointer: string) => ['field', ...segments(pointer)].join('_')
