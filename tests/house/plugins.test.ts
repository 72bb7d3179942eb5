/** The rules of the house for a plugin's folder: what a reviewer would otherwise say again and again. */
import { basename } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { printFaults } from '../../core/host/judgement.ts'
import { compare } from '../../core/data/comparison.ts'
import { findDialectFaults } from '../../core/resource/dialect.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { faults, folders, type HouseFolder, models, present } from './folders.ts'
import { labelsOf } from './labels.ts'

/** Every name that a plugin's folder may hold; what is absent is not done. */
const VOCABULARY = [
  /^(manifest[.]json|README[.]md)$/,
  /^(contract|server|routes|service|points|events)[.]ts$/,
  /^lib\/[a-z][a-z0-9-]*[.]ts$/,
  /^schemas\/[a-z][a-z0-9.-]*[.]json$/,
  /^migrations\/\d{4}_[a-z][a-z0-9_]*[.]sql$/,
  /^sql\/[a-z][a-z0-9-]*[.]sql$/,
  /^locales\/(en|fr)[.]json$/,
  /^ui\/[a-z][a-z0-9-]*[.]ts$/,
  /^assets\/[a-z0-9][a-z0-9./-]*$/,
  /^((lib|ui)\/)?[a-z][a-z0-9-]*[.]test[.]ts$/,
]
/** Only the kernel's own resource fills the demo tenant. */
const KERNEL_VOCABULARY = [...VOCABULARY, /^demo\/[a-z][a-z0-9-]*([.]test)?[.]ts$/]

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] as string)
const codeOf = ({ files, text }: HouseFolder) =>
  files
    .filter((file) => file.endsWith('.ts'))
    .map(text)
    .join('\n')
const localeOf = (folder: HouseFolder, language: 'en' | 'fr') => folder.installed.locales[language]

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database?.drop())

test('every folder is loaded, and nothing is said against it', () => {
  expect(printFaults(faults)).toBe('')
  expect(folders).toHaveLength(present)
})

describe.each(folders.map((folder) => [folder.name, folder] as const))('%s', (_, folder) => {
  const { id, isKernel, manifest, plugin, extensions } = folder.installed

  test('is called by its id', () => {
    expect(basename(folder.installed.dir)).toBe(isKernel ? 'client' : id)
  })

  test('holds only files whose names the house knows', () => {
    const known = isKernel ? KERNEL_VOCABULARY : VOCABULARY
    expect(folder.files.filter((file) => !known.some((pattern) => pattern.test(file)))).toEqual([])
  })

  test('has a README of at most 60 lines', () => {
    expect(folder.files).toContain('README.md')
    expect(folder.text('README.md').trim().split('\n').length).toBeLessThanOrEqual(60)
  })

  test('imports the contracts of those alone that it requires', () => {
    const imported = new Set(matches(codeOf(folder), /from 'weft\/plugins\/([^']+)'/g))
    expect([...imported].filter((other) => !(other in manifest.requires))).toEqual([])
  })

  test('defines every widget that its manifest places, under its own id', () => {
    const tags = folder.files.includes('ui/index.ts')
      ? matches(folder.text('ui/index.ts'), /defineWidget\('([^']+)'/g)
      : []
    expect(tags.filter((tag) => !tag.startsWith(`${id}-`))).toEqual([])
    expect(tags).toEqual(expect.arrayContaining(manifest.widgets.map((widget) => `${id}-${widget.id}`)))
  })

  test('gives its id to its tables, events and permissions', async () => {
    const tables = folder.files
      .filter((file) => file.startsWith('migrations/'))
      .flatMap((file) => matches(folder.text(file), /create table (?:if not exists )?"?([\w.]+)/gi))
    expect(tables.filter((table) => !isOwn(folder, table))).toEqual([])
    const events = matches(codeOf(folder), /defineEvent(?:<[^(]*>)?\('([^']+)'/g)
    expect([...events, ...Object.keys(manifest.permissions)].filter((name) => !name.startsWith(`${id}.`))).toEqual([])
  })

  test('numbers its migrations without a gap', () => {
    const numbers = matches(folder.files.join('\n'), /^migrations\/(\d{4})_/gm).map(Number)
    expect(numbers).toEqual(numbers.map((_n, i) => i + 1))
    if (plugin.resources?.length) expect(numbers).not.toEqual([])
  })

  test('has migrated what its schemas say', async () => {
    expect(await compare(database.ownerUrl, models, id)).toEqual({ passed: [], refused: [] })
  })

  test('writes its schemas in the dialect, and all of them count', () => {
    const schemas = folder.files.filter((file) => file.startsWith('schemas/'))
    const found = schemas.flatMap((file) =>
      findDialectFaults(JSON.parse(folder.text(file))).map((fault) => `${file}: ${fault}`),
    )
    expect(found).toEqual([])
    expect(schemas).toHaveLength((plugin.resources ?? []).length + extensions.size)
  })

  test('says the same in English and in French', () => {
    expect(Object.keys(localeOf(folder, 'fr')).toSorted()).toEqual(Object.keys(localeOf(folder, 'en')).toSorted())
    expect(
      Object.values({ ...localeOf(folder, 'en'), ...localeOf(folder, 'fr') }).filter((text) => text === ''),
    ).toEqual([])
  })

  test('has a label for all that it shows', () => {
    // Nobody looks at the plugins of the tests.
    const labels = folder.name.startsWith('tests/') ? [] : labelsOf(folder.installed)
    expect(labels.filter((label) => !(label in localeOf(folder, 'en')))).toEqual([])
  })

  test('wires in server.ts and ui/index.ts, and does nothing there', () => {
    const wiring = folder.files.filter((file) => file === 'server.ts' || file === 'ui/index.ts')
    const acts = /\b(if|for|while|switch|await|async|function|class|return|try|new)\b|=>|\?/
    const acting = wiring.filter((file) => acts.test(folder.text(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')))
    expect(acting).toEqual([])
  })
})

function isOwn({ installed }: HouseFolder, table: string): boolean {
  const { id, isKernel } = installed
  return isKernel ? table === id : table.startsWith(`${id.replaceAll('-', '_')}__`)
}
