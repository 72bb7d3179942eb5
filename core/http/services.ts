/** What the web server is made of; put together in the kernel. */
import type { ApiKeys } from '../access/keys.ts'
import type { PermissionEntry } from '../access/policy.ts'
import type { Sessions } from '../access/sessions.ts'
import type { Config } from '../config.ts'
import type { Database } from '../data/database.ts'
import type { Fault, Installed } from '../host/manifest.ts'
import type { CursorKey } from '../resource/cursor.ts'
import type { Switches } from '../tenancy/switches.ts'
import type { Compositions } from '../work/composition.ts'
import type { ContextFactory } from '../work/context.ts'

export interface Services {
  readonly config: Config
  readonly database: Database
  readonly sessions: Sessions
  readonly keys: ApiKeys
  readonly switches: Switches
  readonly compositions: Compositions
  readonly contexts: ContextFactory
  readonly installed: readonly Installed[]
  /** Why plugins were left out at start. */
  readonly faults: readonly Fault[]
  /** Every permission of the kernel and the installed plugins; `plugin` is null for the kernel's own. */
  readonly permissions: readonly (PermissionEntry & { plugin: string | null })[]
  readonly cursorKey: CursorKey
  /** Served over https: cookies are `Secure`. */
  readonly isSecure: boolean
  /** The built screen's folder; null where this process serves none. */
  readonly screen: string | null
  isMember(tenant: string, user: string): Promise<boolean>
  listMembers(tenant: string): Promise<readonly { id: string; name: string; email: string; role: string }[]>
  namesOf(tenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Says that facts were written, so that the relay need not wait for its next look. */
  wake(): void
}
