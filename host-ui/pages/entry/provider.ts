import type { Translate } from '../../sdk/index.ts'
import { api } from '../../shell/client.ts'

/** What somebody who is not signed in is told of an identity provider. */
export interface Choice {
  id: string
  name: string
  organisation?: string
}

export const findProviders = async (who: { email: string } | { organisation: string }) =>
  (await api.send<{ items: Choice[] }>('POST', '/api/session/providers', who)).items

/** Where links to an organisation's own sign-in lead. */
const ENTRY = /^\/sign-in\/([^/]+)\/?$/

export const organisationOf = (path: string) => ENTRY.exec(path)?.[1] ?? null

/** Leaves for the provider, and comes back to the page that is open. */
export async function leaveFor({ id }: Choice, invitation?: string): Promise<void> {
  const isEntry = invitation !== undefined || organisationOf(location.pathname) !== null
  const returnTo = isEntry ? '/' : `${location.pathname}${location.search}`
  const body = invitation === undefined ? { returnTo } : { returnTo, invitation }
  const { url } = await api.send<{ url: string }>('POST', `/api/session/providers/${id}`, body)
  location.assign(url)
}

const KNOWN = ['spent', 'denied', 'unknown_identity', 'identity_taken', 'unknown_token', 'credentials']

/** With what a provider has sent the browser back, once: it stands behind the `#`, and is taken away. */
export function takeOutcome(): string | null {
  const outcome = /^#provider=(\w+)$/.exec(location.hash)?.[1] ?? null
  if (outcome) history.replaceState(history.state, '', location.pathname + location.search)
  return outcome
}

export const outcomeText = (outcome: string, t: Translate) =>
  t(`provider.problem.${KNOWN.includes(outcome) ? outcome : 'refused'}`)
