/** The keys that secrets are encrypted with. They lie in the database, encrypted under a key that follows from WEFT_SECRET. */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Database } from '../data/database.ts'
import { join, seal, split, unseal } from '../data/sealing.ts'

export interface DataKey {
  readonly id: string
  readonly key: KeyObject
}
interface Kept {
  readonly id: string
  readonly wrapped: Buffer
}

const KEY_BYTES = 32
/** A key does not know its number before it is kept. */
const PLACE = 'weft secret key'

export class DataKeys {
  readonly #database: Pick<Database, 'door'>
  readonly #wrapping: KeyObject
  readonly #opened = new Map<string, DataKey>()

  constructor(database: Pick<Database, 'door'>, wrapping: KeyObject) {
    this.#database = database
    this.#wrapping = wrapping
  }

  #open({ id, wrapped }: Kept): DataKey {
    const known = this.#opened.get(id)
    if (known) return known
    const opened = { id, key: createSecretKey(this.#unwrap(id, wrapped)) }
    this.#opened.set(id, opened)
    return opened
  }

  #unwrap(id: string, wrapped: Buffer): Buffer {
    try {
      return unseal(this.#wrapping, PLACE, split(wrapped))
    } catch {
      throw new Error(`The key ${id} of the secrets does not open with this WEFT_SECRET.`)
    }
  }

  /** Makes the key that everything is encrypted with from now on. */
  async create(isSwept: boolean): Promise<DataKey> {
    const wrapped = join(seal(this.#wrapping, PLACE, randomBytes(KEY_BYTES)))
    const { rows } = await this.#database.door<Kept>({
      text: `insert into kernel.secret_keys (wrapped, swept_at) values ($1, case when $2 then now() end)
        returning id::text, wrapped`,
      values: [wrapped, isSwept],
    })
    return this.#open(rows[0]!)
  }

  /** The newest one, made when it is first asked for. Never kept: a rotation in another process makes a newer one. */
  async current(): Promise<DataKey> {
    const { rows } = await this.#database.door<Kept>({
      text: 'select id::text, wrapped from kernel.secret_keys order by secret_keys.id desc limit 1',
    })
    return rows[0] ? this.#open(rows[0]) : this.create(true)
  }

  /** @throws Error for a key that is not there any more */
  async find(id: string): Promise<DataKey> {
    const known = this.#opened.get(id)
    if (known) return known
    const text = 'select id::text, wrapped from kernel.secret_keys where id = $1'
    const { rows } = await this.#database.door<Kept>({ text, values: [id] })
    if (!rows[0]) throw new Error(`The key ${id} of the secrets is gone.`)
    return this.#open(rows[0])
  }
}
