/** Manifests: what the host knows of a plugin without running its code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import manifestSchema from '../../schemas/manifest.json' with { type: 'json' }
import type { JsonObject, Plugin, Schema, Verb } from '../contract.ts'

export interface Text {
  readonly en: string
  readonly fr: string
}

export interface WidgetEntry {
  readonly slot: string
  readonly of?: string
  readonly id: string
  readonly access?: string
  readonly order?: number
}

export interface Manifest {
  readonly id: string
  readonly version: string
  readonly weft: string
  readonly name: Text
  readonly summary: Text
  readonly requires: Readonly<Record<string, string>>
  readonly uses: Readonly<Record<string, readonly Verb[]>>
  readonly permissions: Readonly<Record<string, Text>>
  readonly settings: Schema | null
  readonly extends: Readonly<Record<string, string>>
  readonly widgets: readonly WidgetEntry[]
  /** Other systems that its code may call. */
  readonly hosts: readonly string[]
  /** Events of the plugin that come round by themselves, each with a cron line in UTC. */
  readonly schedules: Readonly<Record<string, string>>
}

/** A plugin's folder as it lies on the disk. */
export interface Folder {
  readonly dir: string
  readonly isKernel: boolean
  readonly manifest: Manifest
  /** Schemas that this plugin adds to resources of others. */
  readonly extensions: ReadonlyMap<string, Schema>
  readonly locales: { readonly en: JsonObject; readonly fr: JsonObject }
}

/** A folder whose code is loaded. */
export interface Installed extends Folder {
  readonly id: string
  readonly plugin: Plugin
}

/** Why a plugin is refused: which plugin, which rule, how to mend it. */
export interface Fault {
  readonly plugin: string
  readonly rule: string
  readonly mend: string
}

const check = new Ajv2020({ allErrors: true, strict: false }).compile(manifestSchema)
/** Names that would collide with the kernel's own routes and tables. */
const RESERVED = [
  'api-keys',
  'assets',
  'changes',
  'clients',
  'deliveries',
  'docs',
  'extensions',
  'health',
  'host',
  'kernel',
  'openapi',
  'page',
  'plugins',
  'records',
  'schemas',
  'session',
  'settings',
  'sign-in',
  'stream',
  'system',
  'tasks',
  'tenants',
  'ui',
  'users',
  'vendor',
  'weft',
]

const ID = new RegExp(manifestSchema.$defs.id.pattern)

/** Whether a plugin of one's own may be called so. */
export const isFreeId = (id: string): boolean => ID.test(id) && id.length <= 40 && !RESERVED.includes(id)

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

function readLocale(dir: string, language: string): JsonObject {
  const path = join(dir, 'locales', `${language}.json`)
  return existsSync(path) ? (readJson(path) as JsonObject) : {}
}

/** Reads one folder. Faults are collected, not thrown, so that all are printed together. */
export function readFolder(dir: string, place: { name: string; isKernel: boolean }, faults: Fault[]): Folder | null {
  const report = (rule: string, mend: string) => {
    faults.push({ plugin: place.name, rule, mend })
    return null
  }
  try {
    const raw = readJson(join(dir, 'manifest.json'))
    if (!check(raw)) {
      const wrong = (check.errors ?? []).map((e) => `${e.instancePath || '/'} ${e.message}`)
      return report(`its manifest is not valid: ${[...new Set(wrong)].join('; ')}`, 'see schemas/manifest.json')
    }
    const given = raw as unknown as Partial<Manifest> & Pick<Manifest, 'id' | 'version' | 'weft' | 'name' | 'summary'>
    if (given.id !== place.name)
      return report(`its id is '${given.id}'`, `name the folder '${given.id}' or change the id`)
    if (!place.isKernel && RESERVED.includes(given.id))
      return report('its id is reserved by the kernel', 'choose another id')
    const manifest: Manifest = {
      requires: {},
      uses: {},
      permissions: {},
      settings: null,
      extends: {},
      widgets: [],
      schedules: {},
      hosts: [],
      ...given,
    }
    const extensions = Object.entries(manifest.extends).map(
      ([of, path]) => [of, readJson(join(dir, path)) as Schema] as const,
    )
    const locales = { en: readLocale(dir, 'en'), fr: readLocale(dir, 'fr') }
    return { dir, isKernel: place.isKernel, manifest, extensions: new Map(extensions), locales }
  } catch (error) {
    return report(`it cannot be read: ${(error as Error).message}`, 'mend or delete the folder')
  }
}

/** Every folder below `dir` that holds a manifest. */
export function readFolders(dir: string, faults: Fault[]): Folder[] {
  if (!existsSync(dir)) return []
  const names = readdirSync(dir, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && !entry.name.startsWith('.'),
  )
  return names.flatMap(({ name }) => {
    if (!existsSync(join(dir, name, 'manifest.json'))) return []
    return readFolder(join(dir, name), { name, isKernel: false }, faults) ?? []
  })
}
