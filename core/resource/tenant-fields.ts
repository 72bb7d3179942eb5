/** Fields that a tenant defines itself: what it may say of them, and what the engine makes of it. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import allowed from '../../schemas/tenant-fields.json' with { type: 'json' }
import type { Labels, ProblemEntry, Schema } from '../contract.ts'
import type { Extension } from './model.ts'

/** A field as it is kept. */
export interface TenantField {
  readonly resource: string
  readonly plugin: string
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
  readonly labels: Labels
  readonly isRemoved: boolean
  readonly isPurged: boolean
  /** The search text of some row may hold its words. */
  readonly inWords: boolean
}

/** What a tenant adds to a resource within the part of one plugin. */
export interface TenantExtension extends Extension {
  readonly resource: string
  readonly labels: Labels
  /** The search text of some rows holds words of fields that are not searched any more. */
  readonly isStale: boolean
}

type Properties = Record<string, Schema>

/** How many fields of one resource may have an index: each costs whoever plans a statement over its table. */
const MAX_INDEXED = 20
const MAX_BYTES = 64 * 1024
const MAX_LABEL = 200

const check = new Ajv2020({ allErrors: true, strict: false }).compile(allowed)

const escape = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')

function findShapeFaults(schema: unknown): ProblemEntry[] {
  if (Buffer.byteLength(JSON.stringify(schema) ?? '') > MAX_BYTES) return [{ path: '/schema', code: 'too_large' }]
  if (check(schema)) return []
  const faults = (check.errors ?? []).map(({ instancePath, keyword, params, propertyName }) => {
    const name = params.additionalProperty ?? params.missingProperty ?? propertyName
    const path = `/schema${instancePath}${typeof name === 'string' ? `/${escape(name)}` : ''}`
    return { path, code: params.missingProperty ? 'required' : name === undefined ? keyword : 'not_allowed' }
  })
  const told = faults.filter(({ code }) => code !== 'if')
  return told.filter(({ path, code }, i) => told.findIndex((each) => each.path === path && each.code === code) === i)
}

export const isIndexed = (schema: Schema): boolean =>
  schema['x-sort'] === true || (schema['x-filter'] === true && schema.enum === undefined && schema.type !== 'boolean')

function findSchemaFaults(schema: Schema): ProblemEntry[] {
  const properties = schema.properties as Properties
  const names = Object.keys(properties)
  const indexed = names.filter((name) => isIndexed(properties[name] as Schema))
  const strangers = ((schema.required ?? []) as string[]).filter((name) => !names.includes(name))
  return [
    ...strangers.map((name) => ({ path: '/schema/required', code: 'unknown', params: { name } })),
    ...indexed.slice(MAX_INDEXED).map((name) => ({
      path: `/schema/properties/${name}`,
      code: 'too_many_indexes',
      params: { limit: MAX_INDEXED },
    })),
  ]
}

const isText = (value: unknown) =>
  typeof value === 'string' && value.trim() !== '' && value.length <= MAX_LABEL && !/[\p{Cc}\p{Cs}]/u.test(value)

/** The keys that labels may have: each field, its values, its help, and the sections of the fields. */
function labelKeysOf(properties: Properties): Set<string> {
  const keys = Object.entries(properties).flatMap(([name, schema]) => {
    const values = (schema.enum ?? (schema.items as Schema | undefined)?.enum ?? []) as string[]
    const section = schema['x-section'] === undefined ? [] : [`section.${String(schema['x-section'])}`]
    return [name, `${name}.help`, ...values.map((value) => `${name}.${value}`), ...section]
  })
  return new Set(keys)
}

function findLabelFaults(properties: Properties, labels: unknown): ProblemEntry[] {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return [{ path: '/labels', code: 'type' }]
  const keys = labelKeysOf(properties)
  const faults = Object.entries(labels).flatMap(([key, texts]): ProblemEntry[] => {
    const path = `/labels/${escape(key)}`
    if (!keys.has(key)) return [{ path, code: 'unknown' }]
    const given = typeof texts === 'object' && texts !== null ? Object.entries(texts) : []
    if (given.length === 0) return [{ path, code: 'required' }]
    return given.flatMap(([language, text]) => {
      if (language !== 'en' && language !== 'fr') return [{ path: `${path}/${escape(language)}`, code: 'unknown' }]
      return isText(text) ? [] : [{ path: `${path}/${language}`, code: 'text', params: { limit: MAX_LABEL } }]
    })
  })
  const bare = Object.keys(properties).filter((name) => !Object.hasOwn(labels, name))
  return [...faults, ...bare.map((name) => ({ path: `/labels/${name}`, code: 'required' }))]
}

/** @returns what a tenant may not say, with paths below `/schema` and `/labels`; empty where it may */
export function findTenantFaults({ schema, labels }: { schema: unknown; labels: unknown }): ProblemEntry[] {
  const faults = findShapeFaults(schema)
  if (faults.length > 0) return faults
  const sound = schema as Schema
  return [...findSchemaFaults(sound), ...findLabelFaults(sound.properties as Properties, labels)]
}

/** The labels of one field out of those of all. */
export function labelsOf(name: string, schema: Schema, labels: Labels): Labels {
  const section = `section.${String(schema['x-section'])}`
  const own = Object.entries(labels).filter(([key]) => key === name || key.startsWith(`${name}.`) || key === section)
  return Object.fromEntries(own)
}

/** What values must fit: a schema without what is only marked on it. */
export const valueSchema = (schema: Schema): Schema =>
  Object.fromEntries(Object.entries(schema).filter(([keyword]) => !keyword.startsWith('x-')))

/** The schema of the fields that are there, in their order. */
export function schemaOf(fields: readonly TenantField[]): Schema {
  const living = fields.filter(({ isRemoved }) => !isRemoved)
  const required = living.filter((field) => field.required).map(({ name }) => name)
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(living.map(({ name, schema }) => [name, schema])),
  }
}

/** One for each resource and plugin. @param fields in their order */
export function extensionsOf(fields: readonly TenantField[]): TenantExtension[] {
  const groups = Map.groupBy(fields, ({ resource, plugin }) => `${resource} ${plugin}`)
  return [...groups.values()].map((group) => {
    const { resource, plugin } = group[0] as TenantField
    const gone = group.filter(({ isRemoved, isPurged }) => isRemoved && !isPurged)
    return {
      resource,
      plugin,
      isTenants: true,
      schema: schemaOf(group),
      hidden: gone.flatMap(({ name, schema }) => (schema.format === 'phone' ? [name, `${name}E164`] : [name])),
      labels: Object.assign({}, ...group.filter(({ isRemoved }) => !isRemoved).map(({ labels }) => labels)) as Labels,
      isStale: group.some(({ inWords, isRemoved, schema }) => inWords && (isRemoved || schema['x-search'] !== true)),
    }
  })
}

type Language = 'en' | 'fr'

/** Labels as texts of the locales: `budget` of clients is `clients.budget`. What has no word in a language has another's. */
export function textsOf(resource: string, labels: Labels, language: Language): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).flatMap(([key, texts]) => {
      const text = texts[language] ?? texts.en ?? texts.fr
      return text === undefined ? [] : [[key.startsWith('section.') ? key : `${resource}.${key}`, text]]
    }),
  )
}
