import { allow, change, type Ctx, defineAnswer, hold, refuse } from 'weft'
import { clients } from 'weft/client'
import { tasks } from '../contract.ts'

const never = () => new Promise<never>(() => {})
const NOBODY = '00000000-0000-4000-8000-000000000000'

/** Does as the notes of the client say, where they begin with a mark. */
export const onClientCreating = defineAnswer({
  point: clients.points.creating,
  async answer(_ctx, { body }) {
    const mark = markOf(body.notes)
    if (mark === 'refuse') return refuse('not_this_one', [{ path: '/notes', code: 'not_this_one' }])
    if (mark === 'change') return change({ body: { ...body, notes: `was ${body.status}` } })
    if (mark === 'bad change') return change({ body: { ...body, notes: 7 as never } })
    if (mark === 'stranger') return change({ body: { ...body, ownerId: NOBODY } })
    if (mark === 'no body') return change({} as never)
    if (mark === 'no verdict') return undefined as never
    if (mark === 'hold') return hold('new_client', { of: String(body.lastName) })
    if (mark === 'break') throw new Error('broken')
    return mark === 'sleep' ? never() : allow()
  },
})

export const onClientUpdating = defineAnswer({
  point: clients.points.updating,
  async answer(ctx, { id, row, patch }) {
    const mark = markOf(patch.notes)
    if (mark === 'refuse') return refuse('not_now')
    if (mark === 'change') return change({ id, row, patch: { notes: `after ${row.notes}`, source: 'changed' } })
    if (mark === 'other row') return change({ id: NOBODY, row, patch: { notes: 'still this one' } })
    if (mark === 'bad change') return change({ id, row, patch: { type: 'robot' as never } })
    if (mark === 'hold' || mark === 'hold twice') return hold('second_look')
    if (mark === 'late once' && !asked.has(id)) {
      asked.add(id)
      return never()
    }
    if (mark.startsWith('write')) await writeBeside(ctx, id, mark)
    return allow()
  },
})

/** Rows that were asked about with the mark `late once`. */
const asked = new Set<string>()

/** A row of another resource, which bears the name of this plugin. */
async function writeBeside(ctx: Ctx, clientId: string, mark: string): Promise<void> {
  await ctx.rows(tasks).create({ clientId, title: `beside: ${mark}` })
  if (mark === 'write and break') throw new Error('broken')
}

export const onClientDeleting = defineAnswer({
  point: clients.points.deleting,
  async answer(_ctx, { row }) {
    if (row.notes === 'probe: keep') return refuse('kept')
    if (row.notes === 'probe: change it') return change({ id: row.id, row })
    return row.notes === 'probe: hold' ? hold('deletion') : allow()
  },
})

export const onClientMerging = defineAnswer({
  point: clients.points.merging,
  async answer(ctx, { id, with: other }) {
    const [kept, lost] = await Promise.all([ctx.rows(clients).get(id), ctx.rows(clients).get(other)])
    if (lost.notes === 'probe: keep') return refuse('apart', [{ path: '/with', code: 'apart' }])
    return kept.notes === 'probe: hold' ? hold('merging') : allow()
  },
})

export const onTaskCreating = defineAnswer({
  point: tasks.points.creating,
  async answer(ctx, { body }) {
    const { title, clientId } = body as { title: string; clientId: string }
    if (title === 'hold me') return hold('task')
    if (title === 'shout it') return change({ body: { ...body, title: 'SHOUTED' } })
    if (title === 'recurse') await ctx.rows(tasks).create({ clientId, title: 'recursed' })
    return title === 'never this' ? refuse('never') : allow()
  },
})

export const onTaskUpdating = defineAnswer({
  point: tasks.points.updating,
  answer: async (_ctx, { row }) => (row.title === 'hold closing' ? hold('closing') : allow()),
})

function markOf(notes: unknown): string {
  return typeof notes === 'string' && notes.startsWith('probe: ') ? notes.slice('probe: '.length) : ''
}
