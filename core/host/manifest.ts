/** Manifests: what the host knows of a plugin without running its code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import manifestSchema from '../../schemas/manifest.json' with { type: 'json' }
import type { JsonObject, ListValue, Plugin, Schema, Verb } from '../contract.ts'
import { faultOf, illMade, type Reason } from './reason.ts'

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

/** What screens may reach or use beyond Weft's own address. */
export interface BrowserNeeds {
  readonly img?: readonly string[]
  readonly connect?: readonly string[]
  readonly camera?: true
  readonly microphone?: true
  readonly geolocation?: true
  readonly xr?: true
}

export interface Manifest {
  readonly id: string
  readonly version: string
  readonly weft: string
  readonly name: Text
  readonly summary: Text
  readonly requires: Readonly<Record<string, string>>
  readonly uses: Readonly<Record<string, readonly (Verb | 'manage')[]>>
  readonly permissions: Readonly<Record<string, Text>>
  readonly settings: Schema | null
  readonly extends: Readonly<Record<string, string>>
  readonly widgets: readonly WidgetEntry[]
  readonly annotations: Readonly<Record<string, Schema>>
  readonly browser: BrowserNeeds
  /** Other systems that its code may call. */
  readonly hosts: readonly string[]
  /** Names of what each tenant entrusts to it. */
  readonly secrets: readonly string[]
  /** What lists of values hold at first, by name. */
  readonly lists: Readonly<Record<string, readonly ListValue[]>>
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
  /** Resources to which it lets tenants add fields, or `*`. */
  readonly opens: readonly string[]
  readonly locales: { readonly en: JsonObject; readonly fr: JsonObject }
}

/** A folder whose code is loaded. */
export interface Installed extends Folder {
  readonly id: string
  readonly plugin: Plugin
}

/** Why a plugin is refused: which plugin, which rule, how to mend it. */
export interface Fault extends Reason {
  readonly plugin: string
  /** Where its manifest could be read. */
  readonly version?: string
}

const check = new Ajv2020({ allErrors: true, strict: false }).compile(manifestSchema)
/** Names that would collide with the kernel's own routes and tables. */
const RESERVED = [
  'account',
  'api-keys',
  'assets',
  'changes',
  'clients',
  'deliveries',
  'docs',
  'extensions',
  'facts',
  'feeds',
  'fields',
  'files',
  'health',
  'host',
  'invitation',
  'invitations',
  'kernel',
  'link',
  'links',
  'lists',
  'mailbox',
  'metrics',
  'new-password',
  'notifications',
  'openapi',
  'page',
  'password-resets',
  'plugins',
  'privacy',
  'proposals',
  'public',
  'records',
  'retention',
  'roles',
  'schedules',
  'schemas',
  'secrets',
  'session',
  'sessions',
  'settings',
  'sign-in',
  'sockets',
  'stream',
  'system',
  'tasks',
  'tenants',
  'ui',
  'users',
  'vendor',
  'views',
  'weft',
]

/** In place of the path of a schema. */
const BY_TENANT = 'tenant'

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
    faults.push(faultOf(place.name, illMade(rule, mend)))
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
      annotations: {},
      browser: {},
      secrets: [],
      lists: {},
      ...given,
    }
    const extended = Object.entries(manifest.extends)
    const opens = extended.filter(([, by]) => by === BY_TENANT).map(([of]) => of)
    const extensions = extended
      .filter(([, by]) => by !== BY_TENANT)
      .map(([of, path]) => [of, readJson(join(dir, path)) as Schema] as const)
    const locales = { en: readLocale(dir, 'en'), fr: readLocale(dir, 'fr') }
    return { dir, isKernel: place.isKernel, manifest, extensions: new Map(extensions), opens, locales }
  } catch (error) {
    faults.push(faultOf(place.name, { code: 'folder_unreadable', params: { error: (error as Error).message } }))
    return null
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
