/** The rules of the house for a plugin's folder: what a reviewer would otherwise say again and again. */
import { basename } from 'node:path'
import { NAME } from '../../host/route-judgement.ts'
import { findDialectFaults } from '../../resource/dialect.ts'
import { IMPORT_RULES } from './import-rules.ts'
import { labelsOf } from './labels.ts'
import { type Candidate, type Finding, findings, type FolderRule } from './rule.ts'

/** Every name that a plugin's folder may hold; what is absent is not done. */
const VOCABULARY = [
  /^(manifest[.]json|README[.]md)$/,
  /^(contract|server|routes|service|points|events|feeds)[.]ts$/,
  /^lib\/[a-z][a-z0-9-]*[.]ts$/,
  /^schemas\/[a-z][a-z0-9.-]*[.]json$/,
  /^migrations\/\d{4}_[a-z][a-z0-9_]*([.]down)?[.]sql$/,
  /^sql\/[a-z][a-z0-9-]*[.]sql$/,
  /^locales\/(en|fr)[.]json$/,
  /^ui\/[a-z][a-z0-9-]*[.]ts$/,
  /^assets\/[a-z0-9][a-z0-9./-]*$/,
  /^((lib|ui)\/)?[a-z][a-z0-9-]*[.]test[.]ts$/,
]
/** Only the kernel's own resource fills the demo tenant. */
const KERNEL = /^demo\/[a-z][a-z0-9-]*([.]test)?[.]ts$/
/** What a folder needs that is a repository of its own. */
const REPOSITORY = /^(package(-lock)?[.]json|tsconfig[.]json|LICENSE|CHANGELOG[.]md)$/
const README_LINES = 60

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] as string)
const codeOf = ({ files, text }: Candidate) =>
  files
    .filter((file) => file.endsWith('.ts'))
    .map(text)
    .join('\n')

function judgeName({ installed: { id, dir, isKernel } }: Candidate): Finding[] {
  const name = isKernel ? id.replace(/s$/, '') : id
  return findings(basename(dir) === name ? [] : [`its folder is called '${basename(dir)}'`], `call it '${name}'`)
}

function judgeFiles({ files, installed, isShipped }: Candidate): Finding[] {
  const known = [...VOCABULARY, ...(installed.isKernel ? [KERNEL] : isShipped ? [] : [REPOSITORY])]
  const strange = files.filter((file) => !known.some((pattern) => pattern.test(file)))
  return findings(
    strange.map((file) => `${file} is no name that the house knows`),
    'see "A plugin" in CONTRIBUTING.md for the names that a folder may hold',
  )
}

function judgeReadme({ files, text }: Candidate): Finding[] {
  if (!files.includes('README.md')) return findings(['it has no README.md'], 'say what it is for, and how it is used')
  const lines = text('README.md').trim().split('\n').length
  return findings(
    lines > README_LINES ? [`its README.md has ${lines} lines`] : [],
    `keep it to ${README_LINES}: what it does, and what one has to know`,
  )
}

function judgeWidgets({ files, text, installed: { id, manifest } }: Candidate): Finding[] {
  const tags = files.includes('ui/index.ts') ? matches(text('ui/index.ts'), /defineWidget\('([^']+)'/g) : []
  const placed = manifest.widgets.map((widget) => `${id}-${widget.id}`)
  return [
    ...findings(
      tags.filter((tag) => !tag.startsWith(`${id}-`)).map((tag) => `the element '${tag}' does not bear its id`),
      `call it '${id}-<widget>'`,
    ),
    ...findings(
      placed.filter((tag) => !tags.includes(tag)).map((tag) => `its manifest places '${tag}', which nothing defines`),
      'define it in ui/index.ts by defineWidget',
    ),
  ]
}

function judgePrefixes(candidate: Candidate): Finding[] {
  const { files, text, installed } = candidate
  const { id, isKernel, manifest } = installed
  const isOwn = (table: string) => (isKernel ? table === id : table.startsWith(`${id.replaceAll('-', '_')}__`))
  const tables = files
    .filter((file) => file.startsWith('migrations/'))
    .flatMap((file) => matches(text(file), /create table (?:if not exists )?"?([\w.]+)/gi))
  const events = matches(codeOf(candidate), /defineEvent(?:<[^(]*>)?\('([^']+)'/g)
  return [
    ...findings(
      tables.filter((table) => !isOwn(table)).map((table) => `the table '${table}' does not bear its id`),
      `call it '${id.replaceAll('-', '_')}__<name>'`,
    ),
    ...findings(
      [...events, ...Object.keys(manifest.permissions)]
        .filter((name) => !name.startsWith(`${id}.`))
        .map((name) => `'${name}' does not bear its id`),
      `call it '${id}.<name>', or take the event from the contract of the plugin that tells it`,
    ),
  ]
}

function judgeMigrations({ files, installed: { id, plugin } }: Candidate): Finding[] {
  const names = files.flatMap((file) => /^migrations\/(\d{4}_\w+)[.]sql$/.exec(file)?.[1] ?? [])
  const gap = names.findIndex((name, i) => Number(name.slice(0, 4)) !== i + 1)
  const oneWay = names.filter((name) => !files.includes(`migrations/${name}.down.sql`))
  const alone = files.flatMap((file) => /^migrations\/(\d{4}_\w+)[.]down[.]sql$/.exec(file)?.[1] ?? [])
  const write = `npm run weft -- plugin migrate ${id} writes them`
  return [
    ...findings(plugin.resources?.length && names.length === 0 ? ['its resources have no migration'] : [], write),
    ...findings(
      gap < 0 ? [] : [`${names[gap]} is number ${gap + 1} of its migrations`],
      'number them from 0001 without a gap',
    ),
    ...findings(
      oneWay.map((name) => `${name}.sql has no way back`),
      'write what takes it back in a file of the same name that ends in .down.sql',
    ),
    ...findings(
      alone.filter((name) => !names.includes(name)).map((name) => `${name}.down.sql is the way back of nothing`),
      'give it the name of its migration',
    ),
  ]
}

function judgeSchemas({ files, text, installed: { plugin, manifest, extensions } }: Candidate): Finding[] {
  const schemas = files.filter((file) => file.startsWith('schemas/'))
  const further = new Map(Object.entries(manifest.annotations))
  const wrong = schemas.flatMap((file) =>
    findDialectFaults(JSON.parse(text(file)), further).map((fault) => `${file}: ${fault}`),
  )
  const counting = (plugin.resources ?? []).length + extensions.size
  return [
    ...findings(wrong, 'see schemas/README.md'),
    ...findings(
      schemas.length === counting ? [] : [`it has ${schemas.length} schemas, and ${counting} count`],
      'one for each resource and each extension, and no other',
    ),
  ]
}

function judgeLanguages({ installed: { locales } }: Candidate): Finding[] {
  const { en, fr } = locales
  const missing = (from: object, to: object) => Object.keys(from).filter((key) => !(key in to))
  const empty = [...Object.entries(en), ...Object.entries(fr)].filter(([, text]) => text === '').map(([key]) => key)
  return [
    ...findings(
      missing(en, fr).map((key) => `'${key}' is not said in French`),
      'add it to locales/fr.json',
    ),
    ...findings(
      missing(fr, en).map((key) => `'${key}' is not said in English`),
      'add it to locales/en.json',
    ),
    ...findings(
      [...new Set(empty)].map((key) => `'${key}' is empty`),
      'say it in both languages',
    ),
  ]
}

function judgeLabels({ installed }: Candidate): Finding[] {
  const missing = labelsOf(installed).filter((label) => !(label in installed.locales.en))
  return findings(
    missing.map((label) => `'${label}' has no label`),
    'add it to locales/en.json and locales/fr.json',
  )
}

function judgeWiring({ files, text }: Candidate): Finding[] {
  const acts = /\b(if|for|while|switch|await|async|function|class|return|try|new)\b|=>|\?/
  const acting = files
    .filter((file) => file === 'server.ts' || file === 'ui/index.ts')
    .filter((file) => acts.test(text(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')))
  return findings(
    acting.map((file) => `${file} does more than wiring`),
    'move what acts to routes.ts, events.ts, points.ts, service.ts or lib/',
  )
}

function judgeHandlers({ installed: { plugin } }: Candidate): Finding[] {
  const names = (plugin.handlers ?? []).map(({ name }) => name)
  return findings(
    names.filter((name) => !NAME.test(name)).map((name) => `the handler '${name}' has no plain name`),
    'use small letters, digits and dashes: what it has missed is kept under its name',
  )
}

export const FOLDER_RULES: readonly FolderRule[] = [
  { rule: 'name', judge: judgeName },
  { rule: 'files', judge: judgeFiles },
  { rule: 'readme', judge: judgeReadme },
  ...IMPORT_RULES,
  { rule: 'widgets', judge: judgeWidgets },
  { rule: 'prefixes', judge: judgePrefixes },
  { rule: 'migrations', judge: judgeMigrations },
  { rule: 'schemas', judge: judgeSchemas },
  { rule: 'languages', judge: judgeLanguages },
  { rule: 'labels', judge: judgeLabels },
  { rule: 'wiring', judge: judgeWiring },
  { rule: 'handlers', judge: judgeHandlers },
]
