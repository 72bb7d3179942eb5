/**
 * The tables of the rival: the same columns, rows and indexes, without the triggers, policies and foreign keys of ours.
 * On our own tables its writes would pay for our history, and a trigger that is off for one is off for both.
 */
import type { Client } from 'pg'

const TABLES = ['clients', 'interactions__interactions']

export async function copyTables(owner: Client): Promise<void> {
  await owner.query('create schema bare')
  for (const table of TABLES) {
    await owner.query(`alter table ${table} no force row level security`)
    await owner.query(`create table bare.${table} (like ${table} including all)`)
    await owner.query(`insert into bare.${table} select * from ${table}`)
    await owner.query(`alter table ${table} force row level security`)
  }
  await keepSearchText(owner)
}

/** Whoever offers the search must keep its text; by hand it is kept only when a searched column is written. */
async function keepSearchText(owner: Client): Promise<void> {
  const { rows } = await owner.query(`select pg_get_functiondef('clients_search'::regproc) as text`)
  const columns = [...new Set((rows[0].text as string).match(/(?<=new\.)"?[a-z_0-9]+"?/g))].filter(
    (name) => name !== 'search_text',
  )
  const when = `before insert or update of ${columns.join(', ')}`
  await owner.query(
    `create trigger write_search ${when} on bare.clients for each row execute function clients_search()`,
  )
}
