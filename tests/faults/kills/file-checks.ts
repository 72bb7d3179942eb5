/** Files are there byte for byte, or not at all; and of people who are erased nothing is. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../../../core/data/database.ts'
import { Spool } from '../../../core/files/spool.ts'
import { LocalStore } from '../../../core/files/store.ts'
import { sweepFiles } from '../../../core/files/sweep.ts'
import { listTables } from '../../support/tables.ts'
import type { Finding, Query } from './finding.ts'
import type { Ledger } from './ledger.ts'
import type { Stage } from './stage.ts'

interface FileRow {
  readonly id: string
  readonly state: string
  readonly sha256: string
}

const INCOMING = '.incoming'

function filesIn(root: string): { id: string; content: Buffer }[] {
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => ({ id: name, content: readFileSync(join(parentPath, name)) }))
}
const hash = (content: Buffer) => createHash('sha256').update(content).digest('hex')

/** As if a day had passed for what was not acknowledged. */
async function sweep(query: Query, root: string, { files }: Ledger): Promise<void> {
  // A trigger keeps files to their plugins.
  await query(`set session_replication_role = 'replica'`)
  await query(
    `update kernel.files set created_at = now() - interval '2 days' where state in ('scanning', 'staged') and id <> all($1::uuid[])`,
    [files.map(({ id }) => id)],
  )
  await query(`set session_replication_role = 'origin'`)
  const door: Database['door'] = async ({ text, values }) => ({
    rows: (await query(text, values as unknown[])) as never,
    rowCount: null,
  })
  const spool = new Spool(join(root, INCOMING))
  await sweepFiles({ database: { door }, store: new LocalStore(root), spool }, new Date())
}

async function findTables(query: Query, words: readonly string[]): Promise<unknown[]> {
  const found: unknown[] = []
  for (const name of await listTables(query)) {
    const rows = await query<{ words: string }>(
      `select distinct m[1] as words from ${name} t, lateral regexp_matches(t::text, 'doomed-[0-9a-f-]{36}', 'g') m`,
    )
    found.push(...rows.filter((row) => words.includes(row.words)).map((row) => ({ table: name, ...row })))
  }
  return found
}

export async function findFiles({ query, dataDir }: Stage, ledger: Ledger): Promise<Finding[]> {
  const root = join(dataDir, 'files')
  await sweep(query, root, ledger)
  const rows = await query<FileRow>(
    `select id, state, encode(sha256, 'hex') as sha256 from kernel.files where deleted_at is null`,
  )
  const stored = filesIn(root)
  const lost = ledger.files.filter((file) => {
    const row = rows.find(({ id }) => id === file.id)
    const bytes = stored.find(({ id }) => id === file.id)
    const isState = file.state === 'unknown' ? ['staged', 'kept'].includes(row?.state ?? '') : row?.state === file.state
    return !row || !bytes || !isState || row.sha256 !== file.sha256 || hash(bytes.content) !== file.sha256
  })
  const doomed = stored.flatMap(({ id, content }) =>
    ledger.erased.filter((words) => content.includes(words)).map((words) => ({ file: id, words })),
  )
  return [
    { promise: 'an acknowledged file is there, byte for byte', tried: ledger.files.length, broken: lost },
    {
      promise: 'of an upload that was cut nothing stays',
      tried: ledger.uploads - ledger.files.length,
      broken: [
        ...stored.filter(({ id }) => !rows.some((row) => row.id === id)).map(({ id }) => ({ bytes: id })),
        ...rows.filter(({ id }) => !stored.some((file) => file.id === id)).map(({ id }) => ({ row: id })),
      ],
    },
    {
      promise: 'of what is erased nothing stays, in rows, the past or files',
      tried: ledger.erased.length,
      broken: [...(await findTables(query, ledger.erased)), ...doomed],
    },
  ]
}
