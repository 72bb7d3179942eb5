/** `node .ci/answers.mjs postgres | redis`: prints the address of a server on this machine that answers, or nothing. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { Client } from 'pg'

/** Tests make databases and logins. */
const MAY = 'select rolsuper or (rolcreatedb and rolcreaterole) as may from pg_roles where rolname = current_user'

async function findPostgres() {
  const { PGUSER, PGPASSWORD } = process.env
  const given = PGUSER ? [PGUSER + (PGPASSWORD ? `:${encodeURIComponent(PGPASSWORD)}` : '')] : []
  for (const user of [...given, 'root', 'postgres', 'postgres:postgres']) {
    const url = `postgres://${user}@127.0.0.1:5432/postgres`
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 3000 })
    client.on('error', () => {})
    try {
      await client.connect()
      const { rows } = await client.query(MAY)
      if (rows[0]?.may) return url
    } catch {
      // The next one may be let in.
    } finally {
      await client.end().catch(() => {})
    }
  }
  return null
}

async function findRedis() {
  const socket = connect({ port: 6379, host: '127.0.0.1', timeout: 3000 }, () => socket.write('PING\r\n'))
  socket.once('timeout', () => socket.destroy(new Error('silent')))
  try {
    const [answer] = await once(socket, 'data')
    return String(answer).startsWith('+PONG') ? 'redis://127.0.0.1:6379/9' : null
  } catch {
    return null
  } finally {
    socket.destroy()
  }
}

const find = { postgres: findPostgres, redis: findRedis }[process.argv[2]]
const found = find ? await find() : null
if (found) console.log(found)
