/** Streams of one tenant, open while the other one writes: they tell of nothing that is the other's. */
import { type Abroad, fill, isGuests, leakOf, MEND, TENANTS } from './abroad.ts'
import { type Bench, sampleOf } from './bench.ts'
import { Hearing } from './hearing.ts'

const STREAM = '/api/stream'

/** Of the streams of one plugin one user has so many at a time. */
const MOST = 6

const presentOf = async ({ ask }: Bench['stage']['own']) =>
  (await ask('GET', '/api/changes?after=now')).body.next as string

function judge({ tally }: Bench, abroad: Abroad, { url, text, status }: Hearing): void {
  tally.count(TENANTS, abroad.ids.length)
  const leak = leakOf({ method: 'GET', url }, { text, status, headers: {}, body: undefined }, abroad)
  if (leak) tally.find(TENANTS, `GET ${url} shows ${leak}`, MEND)
  if (status >= 500) tally.find(TENANTS, `GET ${url} answers ${status}`, MEND)
}

/** A place in the order of the other tenant's changes is none of one's own. */
async function tryCursors(bench: Bench): Promise<void> {
  const { stage, tally } = bench
  const theirs = await presentOf(stage.other)
  const places = [
    { url: `${STREAM}?after=${encodeURIComponent(theirs)}` },
    { url: STREAM, headers: { 'last-event-id': theirs } },
  ]
  for (const place of places) {
    const heard = await Hearing.open(stage, stage.own, place)
    heard.close()
    tally.count(TENANTS)
    if (heard.status !== 400)
      tally.find(TENANTS, `GET ${STREAM} answers ${heard.status} for a cursor of the other tenant, not 400`, MEND)
  }
}

/** The plugin's own streams, asked of what is the other tenant's. */
async function tryOwn(bench: Bench, abroad: Abroad): Promise<void> {
  const { stage, ground } = bench
  const routes = ground.routes.filter((route) => route.streams && route.plugin !== null && !isGuests(route))
  const urls = routes.flatMap(({ path, query }) =>
    abroad.ids.flatMap((id) => [fill(path, id), ...query.map((name) => `${fill(path, id)}?${name}=${id}`)]),
  )
  const all = [...new Set(urls)]
  for (const url of sampleOf(bench, all, 2).slice(0, MOST)) {
    const heard = await Hearing.open(stage, stage.own, { url })
    await heard.until(({ text }) => text !== '')
    heard.close()
    judge(bench, abroad, heard)
  }
}

/** @param write has the other tenant write, and says what @returns what it says */
export async function listenMeanwhile(bench: Bench, write: () => Promise<Abroad>): Promise<Abroad> {
  const { stage, rows } = bench
  const { own } = stage
  const url = `${STREAM}?after=${encodeURIComponent(await presentOf(own))}`
  const hearing = await Hearing.open(stage, own, { url })
  try {
    const abroad = await write()
    const { id } = await rows.make(own, rows.anyRecord)
    // One that tells of the other tenant may tell of nothing else.
    const isHeard = await hearing.until(
      ({ text }) => hearing.tells(id) || abroad.ids.some((each) => text.includes(each)),
    )
    if (!isHeard) bench.tally.find(TENANTS, `GET ${STREAM} does not tell of a row of its own tenant`, MEND)
    judge(bench, abroad, hearing)
    return abroad
  } finally {
    hearing.close()
  }
}

export async function tryStreams(bench: Bench, abroad: Abroad): Promise<void> {
  await tryCursors(bench)
  await tryOwn(bench, abroad)
}
