/** A database for a moment, on the server of another one. */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { reasonOf, StartFault } from '../fault.ts'

export interface Scratch {
  /** As the login that owns the server. */
  readonly url: string
  query<R>(text: string, values?: unknown[]): Promise<R[]>
  drop(): Promise<void>
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'weft check' })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** @throws StartFault where the login may not make one */
export async function createScratch(ownerUrl: string): Promise<Scratch> {
  const server = await connect(ownerUrl)
  const name = `weft_scratch_${randomBytes(6).toString('hex')}`
  try {
    await server.query(`create database ${name}`)
  } catch (error) {
    await server.end()
    throw new StartFault(`A database to try it in cannot be made: ${reasonOf(error)}.`)
  }
  const url = Object.assign(new URL(ownerUrl), { pathname: `/${name}` }).href
  const client = await connect(url)
  return {
    url,
    query: async (text, values) => (await client.query(text, values)).rows as never,
    async drop() {
      await client.end()
      await server.query(`drop database if exists ${name} with (force)`)
      await server.end()
    },
  }
}
