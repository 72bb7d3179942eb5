/** A plugin in two versions: the newer one has a field more, of its own rows and of clients, a handler and a schedule. */
import { type Fixtures, notesFixture } from '../support/fixtures.ts'

export type Version = 'older' | 'newer'

/** What is in the newer one alone. */
const SERVER = (
  isNewer: boolean,
) => `import { defineEvent, defineHandler, definePlugin, defineResource, defineRoute } from 'weft'
import { clients } from 'weft/client'
import schema from './schemas/diary.json' with { type: 'json' }
const diary = defineResource({ name: 'diary', schema, belongsTo: 'any' })
const noted = defineEvent('diary.noted')
const onNoted = defineHandler({ event: noted, name: 'noted', kind: 'command', async handle(ctx, { payload }) {
  await ctx.rows(diary).create({ recordId: payload.recordId, text: 'noted ' + payload.text })
} })
const onMade = defineHandler({ event: clients.events.created, name: 'made', kind: 'command', async handle(ctx, { payload }) {
  await ctx.rows(diary).create({ recordId: payload.id, text: 'made', mood: 'new' })
} })
const note = defineRoute({ method: 'POST', path: '/note', access: 'diary.run', kind: 'command', body: {}, async handle(ctx, { body }) {
  await ctx.emit(noted, ${isNewer ? "{ ...body, mood: 'told', version: 2 }" : 'body'})
} })
export default definePlugin({ resources: [diary], routes: [note], handlers: ${isNewer ? '[onNoted, onMade]' : '[onNoted]'} })
`
const text = (name: string) => ({ [name]: { type: 'string', maxLength: 50, 'x-filter': true } })
const objectOf = (properties: object) => ({
  $schema: '../../../schemas/dialect.json',
  type: 'object',
  additionalProperties: false,
  properties,
})
const NEWER_FILES = { 'migrations/0002_mood.sql': 'alter table "diary__diary" add column "mood" text null;\n' }

/** @returns the folder of the plugin */
export function writeDiary(fixtures: Fixtures, version: Version): string {
  const isNewer = version === 'newer'
  const diary = {
    ...objectOf({
      recordId: { type: 'string', format: 'uuid', 'x-ref': 'any', 'x-filter': true },
      text: { type: 'string', maxLength: 200, 'x-search': true },
      ...(isNewer ? text('mood') : {}),
    }),
    required: ['recordId', 'text'],
    'x-title': ['text'],
  }
  const manifest = {
    version: isNewer ? '1.1.0' : '1.0.0',
    extends: { clients: 'schemas/clients.json' },
    permissions: { 'diary.run': { en: 'Run', fr: 'Lancer' } },
    schedules: { 'diary.morning': '0 6 * * *', ...(isNewer ? { 'diary.evening': '0 18 * * *' } : {}) },
  }
  const schemas = {
    'schemas/diary.json': JSON.stringify(diary),
    'schemas/clients.json': JSON.stringify(objectOf({ ...text('nick'), ...(isNewer ? text('pet') : {}) })),
  }
  const files = { ...schemas, ...(isNewer ? NEWER_FILES : {}) }
  return fixtures.write('diary', notesFixture('diary', { server: SERVER(isNewer), manifest, files }))
}

export const clientOf = (nick: string, more = {}) => ({
  type: 'person',
  lastName: nick,
  extensions: { diary: { nick, ...more } },
})
