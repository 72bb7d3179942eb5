/** A plugin whose newer version has one more migration, which can be held up between any two of its statements. */
import { Fixtures, notesFixture } from '../../support/fixtures.ts'

const TABLE = 'diary__diary'
const KEY = 47_110
const STATEMENTS = [
  `alter table "${TABLE}" add column "mood" text null`,
  `alter table "${TABLE}" no force row level security`,
  `alter table "${TABLE}" disable trigger user`,
  `update "${TABLE}" set "mood" = 'calm'`,
  `alter table "${TABLE}" enable trigger user`,
  `alter table "${TABLE}" force row level security`,
  `create index "${TABLE}_mood_1a2b3c" on "${TABLE}" (tenant_id, "mood", id) where deleted_at is null`,
]

/** Numbers of the places where it can be held up: after each of its statements. */
export const PLACES = STATEMENTS.map((_, place) => place)

/** The statement that holds it up there. */
export const holdUp = (place: number) => `select pg_advisory_xact_lock(${KEY + place})`

const TEXT = STATEMENTS.map((statement, place) => `${statement};\n${holdUp(place)};\n`).join('')

/** @returns the folder of the plugin, in either version */
export function writeDiary(fixtures: Fixtures, version: 'older' | 'newer'): string {
  const isNewer = version === 'newer'
  const files = { 'migrations/0002_mood.sql': TEXT }
  const own = notesFixture('diary')
  const schema = JSON.parse(own.files?.['schemas/diary.json'] as string)
  const mood = { type: 'string', maxLength: 50 }
  const newer = JSON.stringify({ ...schema, properties: { ...schema.properties, mood } })
  const more = isNewer ? { files: { ...files, 'schemas/diary.json': newer } } : {}
  return fixtures.write('diary', notesFixture('diary', { manifest: { version: isNewer ? '1.1.0' : '1.0.0' }, ...more }))
}
