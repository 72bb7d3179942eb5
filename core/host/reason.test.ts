/** Each reason why a plugin is away has words in both languages, and none is there for nothing. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './catalogue.ts'
import en from './locales/en.json' with { type: 'json' }
import fr from './locales/fr.json' with { type: 'json' }
import { faultOf, illMade, leftOutWith, wordReason } from './reason.ts'

const filesOf = (folder: string, end: RegExp) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => end.test(name) && !name.endsWith('.test.ts'))
    .map((name) => `${folder}/${name}`)

test('every code that is given is worded in both languages, and no other', () => {
  const places = [
    ...filesOf('core/host', /[.]ts$/),
    ...filesOf('core/data', /[.]ts$/),
    ...filesOf('core/data/migrations', /_reasons[.]sql$/),
    'core/http/admin-routes.ts',
  ]
  const given = places.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\bcode: '(\w+)',\s+params|'code', '(\w+)', 'params'/g)].map(
      ([, code, inSql]) => code ?? inSql,
    ),
  )
  const keys = [...new Set(given)].flatMap((code) => [`${code}.mend`, `${code}.rule`]).toSorted()
  expect(Object.keys(en).toSorted()).toEqual(keys)
  expect(Object.keys(fr).toSorted()).toEqual(keys)
})

test('a text has the same holes in both languages', () => {
  const holesOf = (texts: Record<string, string>) =>
    Object.entries(texts).map(([key, text]) => [key, (text.match(/\{\{\w+\}\}/g) ?? []).toSorted()])
  expect(holesOf(fr)).toEqual(holesOf(en))
})

test('what an author is told stays as it is, within words of the reader, also as the reason of a reason', () => {
  const fault = faultOf('lower', illMade('it brings 501 routes', 'bring at most 500'), '1.0.0')
  expect(fault).toMatchObject({ plugin: 'lower', version: '1.0.0', mend: 'have its author mend it: bring at most 500' })
  expect(wordReason(leftOutWith('lower', fault), 'fr')).toEqual({
    rule: 'elle nécessite lower, qui est écartée pour cette raison : elle enfreint une règle des extensions : it brings 501 routes',
    mend: 'occupez-vous de « lower »',
  })
})
