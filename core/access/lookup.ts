/** Looks tokens up on every request; requests of the same moment share one statement. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../data/database.ts'

interface Statements {
  readonly name: string
  /** Rows for the token hashes of `$1`. */
  readonly find: string
  /** Notes that the tokens of the hashes of `$1` are in use. */
  readonly touch: string
}

interface Found {
  readonly token_hash: Buffer
  /** Whether its use must be noted again. */
  readonly is_stale: boolean
}

interface Batch<R> {
  readonly hashes: Map<string, Buffer>
  readonly rows: Promise<ReadonlyMap<string, R>>
}

const keyOf = (hash: Buffer) => hash.toString('latin1')

export class TokenLookup<R extends Found> {
  readonly #database: Pick<Database, 'door'>
  readonly #statements: Statements
  /** Takes tokens until its statement is sent, so an answer is never older than the question. */
  #batch: Batch<R> | null = null
  /** Tokens whose use is being noted. */
  readonly #touched = new Set<string>()

  constructor(database: Pick<Database, 'door'>, statements: Statements) {
    this.#database = database
    this.#statements = statements
  }

  /** @returns null for a token that is not, or no longer, good */
  async find(hash: Buffer): Promise<R | null> {
    const row = await this.look(hash)
    if (row?.is_stale) void this.#touch(hash)
    return row
  }

  /** The same, without its being a use of the token. */
  async look(hash: Buffer): Promise<R | null> {
    const batch = (this.#batch ??= this.#open())
    batch.hashes.set(keyOf(hash), hash)
    return (await batch.rows).get(keyOf(hash)) ?? null
  }

  #open(): Batch<R> {
    const hashes = new Map<string, Buffer>()
    const rows = nextTurn().then(() => {
      this.#batch = null
      return this.#read([...hashes.values()])
    })
    return { hashes, rows }
  }

  async #read(hashes: readonly Buffer[]): Promise<ReadonlyMap<string, R>> {
    const { name, find } = this.#statements
    const { rows } = await this.#database.door<R>({ name, text: find, values: [hashes] })
    return new Map(rows.map((row) => [keyOf(row.token_hash), row]))
  }

  /** Nobody waits for it; when it fails, the next request tries again. */
  async #touch(hash: Buffer): Promise<void> {
    const key = keyOf(hash)
    if (this.#touched.has(key)) return
    this.#touched.add(key)
    await this.#database.door({ text: this.#statements.touch, values: [[hash]] }).catch(() => {})
    this.#touched.delete(key)
  }
}
