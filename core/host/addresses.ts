/** Where a plugin's routes are served. */
import type { Route } from '../contract.ts'

const ROOTS: Record<string, string> = { link: '/api/link/:token', public: '/api/public/:tenant' }

/** With `:name` for each parameter. */
export function addressOf(plugin: string, { access, path }: Pick<Route, 'access' | 'path'>): string {
  return `${ROOTS[access] ?? '/api'}/${plugin}${path === '/' ? '' : path}`
}
