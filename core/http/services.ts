/** What the web server is made of; put together in the kernel. */
import type { AccountTokens } from '../access/account-tokens.ts'
import type { ApiKeys } from '../access/keys.ts'
import type { LinkTokens } from '../access/links.ts'
import type { Identities } from '../access/identities.ts'
import type { OpenId } from '../access/openid.ts'
import type { Passkeys } from '../access/passkeys.ts'
import type { Providers } from '../access/providers.ts'
import type { ProviderSignIn } from '../access/provider-sign-in.ts'
import type { SecondFactor } from '../access/second-factor.ts'
import type { Acting } from '../access/acting.ts'
import type { Sessions } from '../access/sessions.ts'
import type { Config } from '../config.ts'
import type { Database } from '../data/database.ts'
import type { Files } from '../files/files.ts'
import type { Installed } from '../host/manifest.ts'
import type { ReadinessProbe } from '../host/readiness.ts'
import type { LeftOut } from '../host/standing.ts'
import type { Mails } from '../mail/mails.ts'
import type { Notices } from '../notify/notices.ts'
import type { CursorKey } from '../resource/cursor.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { Member } from '../tenancy/directory.ts'
import type { Switches } from '../tenancy/switches.ts'
import type { Compositions } from '../work/composition.ts'
import type { ContextFactory } from '../work/context.ts'
import type { Guard } from '../work/guard.ts'
import type { OwnedPermission, Rights } from '../work/rights.ts'
import type { LogBudget } from '../work/log-budget.ts'

export interface Services {
  readonly config: Config
  readonly database: Database
  readonly sessions: Sessions
  readonly acting: Acting
  readonly accountTokens: AccountTokens
  readonly secondFactor: SecondFactor
  readonly passkeys: Passkeys
  readonly providers: Providers
  readonly identities: Identities
  readonly openId: OpenId
  readonly providerSignIn: ProviderSignIn
  readonly keys: ApiKeys
  readonly links: LinkTokens
  readonly switches: Switches
  readonly compositions: Compositions
  readonly contexts: ContextFactory
  readonly secrets: Secrets
  readonly files: Files
  readonly mails: Mails
  /** How the plugins' code does in this process. */
  readonly guard: Guard
  readonly rights: Rights
  readonly notices: Notices
  readonly installed: readonly Installed[]
  /** Plugins that are known and not at work, with the reason. */
  readonly leftOut: readonly LeftOut[]
  /** Every permission of the kernel and the installed plugins; `plugin` is null for the kernel's own. */
  readonly permissions: readonly OwnedPermission[]
  readonly readiness: ReadinessProbe
  readonly logBudget: LogBudget
  readonly cursorKey: CursorKey
  /** Served over https: cookies are `Secure`. */
  readonly isSecure: boolean
  /** The built screen's folder; null where this process serves none. */
  readonly screen: string | null
  isMember(tenant: string, user: string): Promise<boolean>
  listMembers(tenant: string): Promise<readonly Member[]>
  namesOf(tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Says that facts were written, so that the relay need not wait for its next look. */
  wake(): void
}
