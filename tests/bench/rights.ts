/** `npm run bench -- rights`: what a role that meets some rows alone costs its members in a list. */
import { findRoles, loginUrl } from '../../core/data/roles.ts'
import type { RoleNames } from '../../core/resource/derived.ts'
import { startChild } from './child.ts'
import { connect } from './database.ts'
import { changeFilled, fill } from './fill.ts'
import type { Address } from './operations.ts'
import { machineOf, writeResults } from './report.ts'
import { signIn } from './servers.ts'
import { SECRET } from './settings.ts'
import { addTenants, emailOf, openSite, type Site } from './site.ts'
import { CONNECTIONS, lineOf, measureInTurns, ratioOf, readNumbers } from './turns.ts'

const COMMAND = 'npm run bench -- rights'
const USAGE = `${COMMAND} [--clients 100000] [--rounds 7] [--seconds 3]`
const GATE = 1.2
const SLUG = 'ruled'
const MEMBER = 'member@ruled.example'
/** Members who share the clients evenly, and how many of them are in the team of the one who is measured. */
const MEMBERS = 20
const TEAM = 5

const STANDARDS = { clients: 100_000, rounds: 7, seconds: 3 }
type Options = Readonly<typeof STANDARDS>

/** Each is read by the administrator, who meets all, and by the member, who meets a part. */
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  'list, newest first': ['/clients?sort=-createdAt'],
  'list, by name': ['/clients?sort=lastName'],
  'list of one country': ['/clients?country=FR&sort=-createdAt'],
}

/** Those of oneself, of the team, and of one more condition on a field. */
const ROLE = {
  name: 'Sales',
  permissions: ['clients.read'],
  rows: { clients: { read: ['own', 'team', { source: 'fair' }] } },
  fields: { clients: { notes: 'masked' } },
}

async function fillSite(site: Site, { clients }: Options): Promise<readonly string[]> {
  const [made] = await addTenants(site.ownerUrl, [SLUG])
  const { tenant } = made!
  const { rows } = await site.owner.query<{ id: string }>(
    `with added as (insert into kernel.users (email, name, password)
        select case n when 0 then $2 else 'member' || n || '@ruled.example' end, 'Member ' || n, u.password
        from generate_series(0, $3::int - 1) n cross join (select password from kernel.users limit 1) u returning id, email)
      insert into kernel.memberships (tenant_id, user_id, role) select $1, id, 'member' from added
      returning user_id as id, (select email from added where added.id = user_id) as email`,
    [tenant, MEMBER, MEMBERS],
  )
  const members = rows.map(({ id }) => id)
  const roles = (await findRoles(site.owner, SECRET)) as RoleNames
  const tables = await connect(loginUrl(site.ownerUrl, SECRET, { part: 'owner', roles }))
  await fill(tables, [{ ...made!, count: clients, seed: 0 }])
  await changeFilled(tables, () =>
    tables.query(
      `update clients set owner_id = ($2::uuid[])[1 + (hashtext(id::text) & 65535) % $3::int],
        source = case when (hashtext(id::text) >> 16 & 255) < 26 then 'fair' else source end where tenant_id = $1`,
      [tenant, members, MEMBERS],
    ),
  )
  await tables.query('update kernel.relay set xid = pg_current_xact_id(), fact = 0')
  await tables.query('vacuum analyze')
  await tables.end()
  return members
}

async function send(at: Address, method: string, path: string, body: object): Promise<{ id: string }> {
  const reply = await fetch(`http://127.0.0.1:${at.port}/api${path}`, {
    method,
    headers: { ...at.headers, origin: `http://127.0.0.1:${at.port}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!reply.ok) throw new Error(`${path} answered ${reply.status}: ${await reply.text()}`)
  return (await reply.json()) as { id: string }
}

/** @returns what part of the clients the member meets */
async function bind(at: Address, member: string, members: readonly string[], port: number) {
  const role = await send(at, 'POST', '/roles', ROLE)
  const others = members.filter((id) => id !== member).slice(0, TEAM - 1)
  await send(at, 'POST', '/teams', { name: 'North', members: [member, ...others] })
  await send(at, 'PATCH', `/users/${member}`, { role: role.id })
  return { port, prefix: '/api', headers: await signIn(port, MEMBER) }
}

async function countAt({ port, headers }: Address): Promise<number> {
  const reply = await fetch(`http://127.0.0.1:${port}/api/clients?count=exact&limit=1`, { headers })
  return ((await reply.json()) as { total: { value: number } }).total.value
}

export async function runRights(args: string[], log: (line: string) => void): Promise<boolean> {
  const options = readNumbers(args, STANDARDS, USAGE)
  const site = await openSite('rights', [])
  const [server, load] = [startChild('ours.ts'), startChild('load.ts')]
  try {
    log(`filling ${options.clients} clients`)
    const members = await fillSite(site, options)
    const port = await server.ask<number>('open', { ownerUrl: site.ownerUrl })
    const administrator = { port, prefix: '/api', headers: await signIn(port, emailOf(SLUG)) }
    const { rows: found } = await site.owner.query<{ id: string }>('select id from kernel.users where email = $1', [
      MEMBER,
    ])
    const member = await bind(administrator, found[0]!.id, members, port)
    const met = await countAt(member)
    if (met === 0 || met === options.clients) throw new Error(`The member meets ${met} clients.`)
    log(`measuring; the member meets ${met} clients`)
    const rows = await measureInTurns(load, [administrator, member], { ...options, operations: OPERATIONS })
    await server.ask('close')
    const text = [
      `${machineOf(site.description)}, ${options.clients.toLocaleString('en')} clients of ${MEMBERS} members, of which the ` +
        `member meets ${met.toLocaleString('en')}; ${options.rounds} rounds of ${options.seconds} s, ${CONNECTIONS} connections.`,
      '',
      '| operation | ms, administrator | ms, member | ratio | gate |  |',
      '| --- | --- | --- | --- | --- | --- |',
      ...rows.map((row) => lineOf(row, GATE)),
    ].join('\n')
    console.log(text)
    if (options.clients >= 100_000) writeResults(text, COMMAND)
    return rows.every((row) => ratioOf(row) <= GATE)
  } finally {
    await load.end()
    await server.end()
    await site.close()
  }
}
