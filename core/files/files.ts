/** Files of tenants: bytes in the store, what is known of them in the database. Bytes come first and go last. */
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type FileInfo, Problem } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import type { Database, Run } from '../data/database.ts'
import { isUuid } from '../resource/formats.ts'
import { cleanName } from './name.ts'
import type { Spool, Spooled } from './spool.ts'
import type { ByteRange, Store } from './store.ts'
import { findType } from './type.ts'

const MAX_BYTES = 2 * 1024 ** 3

/** A file with whose it is. */
export interface StoredFile extends FileInfo {
  readonly plugin: string
  /** Of the living record that it belongs to, merged or not. */
  readonly resource: string | null
  readonly state: 'scanning' | 'staged' | 'kept'
}

/** Asks whether a file may be had. @throws Problem 409 where it may not */
export type Scan = (file: StoredFile) => Promise<void>

export interface NewFile {
  readonly name: string
  readonly content: AsyncIterable<Uint8Array>
  readonly type?: string
  readonly recordId?: string | null
  readonly state: 'staged' | 'kept'
  readonly signal?: AbortSignal
  /** Null where nobody is asked. */
  readonly scan: Scan | null
}

/** What a file tells of itself, from `kernel.files` as `f`. */
export const FILE_INFO = `f.id, f.plugin, f.name, f.type, f.bytes::float8 as bytes, encode(f.sha256, 'hex') as sha256, f.record_id as "recordId",
  kernel.iso(f.created_at) as "createdAt", f.created_by as "createdBy"`

/** The living record at the end of a chain of merges. */
const resourceOf = (id: string) => `(with recursive chain as (
    select r.resource, r.merged_into, r.deleted_at, 1 as depth from kernel.records r where r.tenant_id = $1 and r.id = ${id}
    union all select r.resource, r.merged_into, r.deleted_at, depth + 1 from chain c join kernel.records r
      on r.tenant_id = $1 and r.id = c.merged_into where depth < 50)
  select resource from chain where merged_into is null and deleted_at is null)`

const notFound = () => new Problem(404, 'not_found')

export class Files {
  readonly #database: Database
  readonly #store: Store
  readonly #spool: Spool

  constructor(database: Database, store: Store, spool: Spool) {
    this.#database = database
    this.#store = store
    this.#spool = spool
  }

  /** How many bytes a tenant may still keep. */
  async #room(run: Run, tenant: string): Promise<number> {
    const { rows: tenants } = await this.#database.door<{ quota: number }>({
      name: 'file_quota',
      text: 'select file_quota::float8 as quota from kernel.tenants where id = $1',
      values: [tenant],
    })
    const { rows: files } = await run<{ used: number }>({
      name: 'file_use',
      text: 'select coalesce(sum(bytes), 0)::float8 as used from kernel.files where tenant_id = $1',
      values: [tenant],
    })
    return (tenants[0]?.quota ?? 0) - (files[0]?.used ?? 0)
  }

  /**
   * The claims name the plugin whose file it becomes. Nobody has it before the scan has ended well; a process that is
   * killed meanwhile leaves it to the sweep.
   * @throws Problem 413 `too_large`, 507 `quota` or `disk_full`, 422 `reference`, 503 `file_store_unavailable`
   */
  async put(claims: Claims, file: NewFile): Promise<StoredFile> {
    const room = await this.#room((query) => this.#database.once(claims, 'read', query), claims.tenant)
    const isTight = room < MAX_BYTES
    const refuse = () => (isTight ? new Problem(507, 'quota') : new Problem(413, 'too_large'))
    const limit = Math.min(room, MAX_BYTES)
    if (limit < 0) throw refuse()
    const { signal } = file
    const stored = await this.#spool.take(file.content, { limit, refuse, ...(signal ? { signal } : {}) }, (spooled) =>
      this.#keep(claims, file, spooled),
    )
    return file.scan ? this.#scan(claims, stored, { scan: file.scan, state: file.state }) : stored
  }

  async #scan(
    claims: Claims,
    stored: StoredFile,
    { scan, state }: { scan: Scan; state: 'staged' | 'kept' },
  ): Promise<StoredFile> {
    const { id } = stored
    const { tenant } = claims
    try {
      await scan(stored)
    } catch (error) {
      await this.#store.remove({ tenant, id })
      await this.#database.door({
        text: 'delete from kernel.files where tenant_id = $1 and id = $2',
        values: [tenant, id],
      })
      throw error
    }
    const { rowCount } = await this.#database.once(claims, 'write', {
      text: `update kernel.files set state = $3 where tenant_id = $1 and id = $2 and state = 'scanning' and deleted_at is null`,
      values: [tenant, id, state],
    })
    if (rowCount !== 1) throw notFound()
    return { ...stored, state }
  }

  async #keep(claims: Claims, file: NewFile, { path, bytes, sha256 }: Spooled): Promise<StoredFile> {
    const place = { tenant: claims.tenant, id: randomUUID() }
    const name = cleanName(file.name)
    const type = await findType(path, name, file.type)
    await this.#store.keep(place, path, bytes)
    try {
      return await this.#database.transaction(claims, 'write', async ({ query }) => {
        // One after the other, or many small ones would pass the bound between them.
        await query({
          text: `select pg_advisory_xact_lock(hashtextextended('files ' || $1, 0))`,
          values: [place.tenant],
        })
        if (bytes > (await this.#room(query, place.tenant))) throw new Problem(507, 'quota')
        await query({
          text: `insert into kernel.files (tenant_id, id, plugin, record_id, name, type, bytes, sha256, state)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          values: [
            place.tenant,
            place.id,
            claims.plugin,
            file.recordId ?? null,
            name,
            type,
            bytes,
            sha256,
            file.scan ? 'scanning' : file.state,
          ],
        })
        return (await this.find(query, place.tenant, place.id))!
      })
    } catch (error) {
      // Should this fail too, the sweep finds them.
      await this.#store.remove(place).catch(() => {})
      throw error
    }
  }

  /** @returns null for what is not there, removed or another tenant's; staged files too */
  async find(run: Run, tenant: string, id: string): Promise<StoredFile | null> {
    if (!isUuid(id)) return null
    const { rows } = await run<StoredFile>({
      name: 'find_file',
      text: `select ${FILE_INFO}, f.state, ${resourceOf('f.record_id')} as resource from kernel.files f
        where f.tenant_id = $1 and f.id = $2 and f.deleted_at is null`,
      values: [tenant, id],
    })
    return rows[0] ?? null
  }

  /** The resource of a living record; null for any other id. */
  async findResource(run: Run, tenant: string, record: string): Promise<string | null> {
    if (!isUuid(record)) return null
    const { rows } = await run<{ resource: string | null }>({
      name: 'resource_of_record',
      text: `select ${resourceOf('$2::uuid')} as resource`,
      values: [tenant, record],
    })
    return rows[0]?.resource ?? null
  }

  open(tenant: string, id: string, range?: ByteRange): Promise<Readable> {
    return this.#store.open({ tenant, id }, range)
  }

  /** @throws Problem 404 for what this actor has not uploaded for this plugin, or was claimed before */
  async claim(run: Run, claims: Claims, id: string, record: string | null): Promise<void> {
    const { rowCount } = await run({
      text: `update kernel.files set state = 'kept', record_id = $5 where tenant_id = $1 and id = $2 and plugin = $3
        and state = 'staged' and deleted_at is null and created_by is not distinct from $4`,
      values: [claims.tenant, id, claims.plugin, claims.actor, record],
    })
    if (rowCount !== 1) throw notFound()
  }

  /** Only the row; the sweep removes the bytes later. */
  async remove(run: Run, claims: Claims, id: string): Promise<void> {
    const { rowCount } = await run({
      text: `update kernel.files set deleted_at = statement_timestamp()
        where tenant_id = $1 and id = $2 and plugin = $3 and deleted_at is null`,
      values: [claims.tenant, id, claims.plugin],
    })
    if (rowCount !== 1) throw notFound()
  }
}
