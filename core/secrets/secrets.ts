/** What tenants entrust to plugins: written by administrators, read by the plugin alone, and never shown again. */
import { Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, Query, Result } from '../data/database.ts'
import type { DataKeys } from './keys.ts'
import { seal, type Sealed, unseal } from '../data/sealing.ts'

export interface SecretPlace {
  readonly tenant: string
  readonly plugin: string
  readonly name: string
}
export interface SecretRow extends Sealed {
  readonly plugin: string
  readonly name: string
  readonly key_id: string
}
export interface SecretState {
  readonly plugin: string
  readonly name: string
  readonly updatedAt: string
}

type Read = <R>(query: Query) => Promise<Result<R>>

const placeOf = ({ tenant, plugin, name }: SecretPlace, key: string) => `${tenant}|${plugin}|${name}|${key}`

export class Secrets {
  readonly #database: Database
  readonly #keys: DataKeys

  constructor(database: Database, keys: DataKeys) {
    this.#database = database
    this.#keys = keys
  }

  async encrypt(place: SecretPlace, text: Buffer): Promise<Sealed & { key_id: string }> {
    const { id, key } = await this.#keys.current()
    return { key_id: id, ...seal(key, placeOf(place, id), text) }
  }

  /** @throws Error that holds nothing of the value */
  async decrypt(place: SecretPlace, row: SecretRow): Promise<Buffer> {
    const { key } = await this.#keys.find(row.key_id)
    try {
      return unseal(key, placeOf(place, row.key_id), row)
    } catch {
      throw new Error(`The secret ${place.plugin}.${place.name} does not open: it was moved or changed.`)
    }
  }

  /** @returns null where there is none */
  async get(read: Read, place: SecretPlace): Promise<string | null> {
    const { rows } = await read<SecretRow>({
      name: 'read_secret',
      text: `select plugin, name, key_id::text, nonce, ciphertext, tag from kernel.secrets
        where tenant_id = $1 and plugin = $2 and name = $3`,
      values: [place.tenant, place.plugin, place.name],
    })
    return rows[0] ? (await this.decrypt(place, rows[0])).toString() : null
  }

  /** The change is a fact, its value is not. */
  async set(claims: Claims, plugin: string, name: string, value: string): Promise<void> {
    const { tenant } = claims
    const { key_id, nonce, ciphertext, tag } = await this.encrypt({ tenant, plugin, name }, Buffer.from(value))
    await this.#database.once(claims, 'write', {
      text: `with kept as (insert into kernel.secrets (tenant_id, plugin, name, key_id, nonce, ciphertext, tag)
          values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, plugin, name) do update
            set key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext, tag = excluded.tag
          returning 1)
        select kernel.emit('secrets.replaced', jsonb_build_object('plugin', $2::text, 'name', $3::text)) from kept`,
      values: [tenant, plugin, name, key_id, nonce, ciphertext, tag],
    })
  }

  /** @throws Problem 404 where there is none */
  async remove(claims: Claims, plugin: string, name: string): Promise<void> {
    const { rowCount } = await this.#database.once(claims, 'write', {
      text: `with gone as (delete from kernel.secrets where tenant_id = $1 and plugin = $2 and name = $3 returning 1)
        select kernel.emit('secrets.removed', jsonb_build_object('plugin', $2::text, 'name', $3::text)) from gone`,
      values: [claims.tenant, plugin, name],
    })
    if (rowCount !== 1) throw new Problem(404, 'not_found')
  }

  /** Which there are, without their values. */
  async list(claims: Claims): Promise<SecretState[]> {
    const { rows } = await this.#database.once<SecretState>(claims, 'read', {
      name: 'list_secrets',
      text: `select plugin, name, kernel.iso(updated_at) as "updatedAt" from kernel.secrets where tenant_id = $1`,
      values: [claims.tenant],
    })
    return rows
  }
}
