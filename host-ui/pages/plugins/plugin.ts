import { queryOptions } from '@tanstack/react-query'
import type { Schema } from '../../sdk/index.ts'
import { ApiProblem } from '../../sdk/index.ts'
import { api } from '../../shell/client.ts'
import { i18n } from '../../shell/i18n.ts'

type Words = Record<string, string>

/** An entry of the catalogue: every shipped plugin, and how it stands in this organisation. */
export interface Plugin {
  id: string
  name: Words
  summary: Words
  version: string | null
  enabled: boolean
  requires: string[]
  settings: Record<string, unknown>
  settingsSchema: Schema | null
  /** Which of its secrets are there; their values are shown to nobody. */
  secrets: { name: string; set: boolean; updatedAt: string | null }[]
  core: boolean
  /** Of a new version, what waits for consent: permissions such as `clients.read`, hosts and secrets. */
  asks: { uses: string[]; hosts: string[]; secrets: string[] } | null
  /** Only an administrator sees those that are not active. */
  state: 'active' | 'suspended' | 'quarantined' | 'detached'
  reason: { code: string; rule: string; mend: string } | null
  /** Whether an administrator may have it tried again now. */
  resumable: boolean
}

export const pluginsOptions = queryOptions({
  queryKey: ['plugins'],
  queryFn: async () => (await api.get<{ items: Plugin[] }>('/api/plugins', { lang: i18n.language })).items,
})

export const inWords = (words: Words, lang: string): string => words[lang] ?? words.en ?? Object.values(words)[0] ?? ''

/** Who still needs the plugin that somebody wants to switch off, or what the one to switch on lacks, by name. */
export function involvedPlugins(error: unknown, plugins: readonly Plugin[], lang: string): string[] {
  if (!(error instanceof ApiProblem)) return []
  const ids = error.errors.map(({ params }) => params?.plugin).filter((id): id is string => typeof id === 'string')
  return ids.map((id) => {
    const plugin = plugins.find((each) => each.id === id)
    return plugin ? inWords(plugin.name, lang) : id
  })
}
