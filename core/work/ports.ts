/** What a `ctx` reaches beside rows: the kernel's ports, each for one plugin of one tenant. */
import type { Ctx } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database } from '../data/database.ts'
import type { Files, Scan } from '../files/files.ts'
import type { Mails } from '../mail/mails.ts'
import type { Notices } from '../notify/notices.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { filesOf } from './files.ts'
import { mailOf } from './mail.ts'
import { type NotifyPlace, notifyOf } from './notify.ts'
import { openSingle, type Unit } from './unit.ts'
import type { Rights } from './rights.ts'

type PortUnit = Pick<Unit, 'read' | 'write'>

/** The services behind the ports. */
export interface Ports {
  readonly database: Database
  readonly files: Files
  readonly mails: Mails
  readonly notices: Notices
  readonly rights: Pick<Rights, 'holdersOf' | 'readersOf'>
  isMember(tenant: string, user: string): Promise<boolean>
  readonly secrets: Secrets
}

/** For whom and where a port works. */
export interface PortPlace {
  readonly occasion: { readonly tenant: { readonly id: string }; readonly idempotencyKey: string | null }
  readonly plugin: NotifyPlace['plugin'] & { readonly secrets: readonly string[] }
  /** Null in an exchange. */
  readonly unit: Unit | null
  readonly claims: Claims
  readonly signal: AbortSignal
  /** @throws Error once the ctx is over */
  assertLives(): void
  /** True where the actor's role and the plugin's `uses` both allow it. */
  can(permission: string): boolean
  /** The file that it is being asked about. */
  readonly scanned: string | null
  /** How others are asked about a file that it stores. */
  scan(): Promise<Scan | null>
}

export function portsOf(ports: Ports, place: PortPlace): Pick<Ctx, 'files' | 'mail' | 'notify' | 'secrets'> {
  const unit = unitOf(ports, place)
  return {
    files: filesOf(ports.files, place, unit),
    mail: mailOf(ports, place, unit),
    notify: notifyOf(ports, place, unit),
    secrets: secretsOf(ports, place, unit),
  }
}

/** Where a port's statements run: with the command, or each alone in an exchange. */
const unitOf = ({ database }: Ports, { unit, claims }: PortPlace): PortUnit => unit ?? openSingle(database, claims)

function secretsOf(ports: Ports, place: PortPlace, unit: PortUnit): Ctx['secrets'] {
  const { occasion, plugin } = place
  return Object.freeze({
    async get(name: string) {
      place.assertLives()
      if (!plugin.secrets.includes(name)) throw new Error(`The manifest of ${plugin.id} declares no secret '${name}'.`)
      return ports.secrets.get(unit.read, { tenant: occasion.tenant.id, plugin: plugin.id, name })
    },
  })
}
