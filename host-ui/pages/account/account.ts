import { queryOptions } from '@tanstack/react-query'
import type { Translate } from '../../sdk/index.ts'
import { api } from '../../shell/client.ts'

export interface SessionEntry {
  id: string
  current: boolean
  tenant: { slug: string; name: string }
  network: string | null
  agent: string | null
  createdAt: string
  usedAt: string
}

export const sessionsOptions = queryOptions({
  queryKey: ['sessions'],
  queryFn: async () => (await api.get<{ items: SessionEntry[] }>('/api/sessions')).items,
})

/** The first that fits: browsers name each other, the most particular one last. */
const BROWSERS = [
  ['Edge', /\bEdgA?\//],
  ['Opera', /\bOPR\//],
  ['Firefox', /\b(?:Firefox|FxiOS)\//],
  ['Chrome', /\b(?:Chrome|CriOS|HeadlessChrome)\//],
  ['Safari', /\bSafari\//],
] as const
const SYSTEMS = [
  ['Android', /\bAndroid\b/],
  ['iPad', /\biPad\b/],
  ['iPhone', /\biPhone\b/],
  ['Windows', /\bWindows\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
] as const

/** `Firefox, Linux` */
export function describeAgent(agent: string | null, t: Translate): string {
  const find = (among: readonly (readonly [string, RegExp])[]) => among.find(([, mark]) => mark.test(agent ?? ''))?.[0]
  const known = [find(BROWSERS), find(SYSTEMS)].filter(Boolean)
  return known.length > 0 ? known.join(', ') : t('account.unknownDevice')
}
