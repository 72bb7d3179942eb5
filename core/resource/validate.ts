/** Bodies, checked against the composed schema on every write path; Ajv's verdicts become paths and codes. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { type JsonObject, Problem, type ProblemEntry, type Schema } from '../contract.ts'
import { annotations } from './dialect.ts'
import { formats } from './formats.ts'

const CACHE_SIZE = 500

const FURTHER = /"(x-[a-z-]+)":/g

/** @param text the schema, which may bear annotations of plugins */
function createAjv(text: string): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: false,
    strictTypes: false,
    coerceTypes: false,
  })
  const further = [...text.matchAll(FURTHER)].map(([, name]) => name as string)
  for (const name of new Set([...annotations, ...further])) ajv.addKeyword(name)
  for (const [name, validate] of Object.entries(formats)) ajv.addFormat(name, { type: 'string', validate })
  return ajv
}

const cache = new Map<string, ValidateFunction>()
/** Saves writing a known schema out again on each request. */
const known = new WeakMap<Schema, ValidateFunction>()

/** Compiled once per schema text. Each has an Ajv of its own, so that a schema which leaves the cache is forgotten. */
function compile(schema: Schema): ValidateFunction {
  const met = known.get(schema)
  if (met) return met
  const text = JSON.stringify(schema)
  const validate = cache.get(text) ?? createAjv(text).compile(schema)
  known.set(schema, validate)
  cache.set(text, validate)
  if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value as string)
  return validate
}

/** Compiles a schema before anybody waits for it. */
export const prepare = (schema: Schema): void => void compile(schema)

const CODES: Record<string, string> = { additionalProperties: 'unknown', uniqueItems: 'unique_items' }
const BOUNDS = new Set(['minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'multipleOf'])

const escape = (name: string) => name.replaceAll('~', '~0').replaceAll('/', '~1')

function entryOf(error: ErrorObject): ProblemEntry {
  const { keyword, instancePath, params } = error
  const name = (params.missingProperty ?? params.additionalProperty) as string | undefined
  const path = name === undefined ? instancePath : `${instancePath}/${escape(name)}`
  const code = CODES[keyword] ?? keyword
  if (BOUNDS.has(keyword)) return { path, code, params: { limit: params.limit ?? params.multipleOf } }
  return keyword === 'format' ? { path, code, params: { format: params.format } } : { path, code }
}

/** @returns what is wrong, each error once; empty where the value fits */
export function findFaults(schema: Schema, value: unknown): ProblemEntry[] {
  const validate = compile(schema)
  if (validate(value)) return []
  const errors = (validate.errors ?? []).filter((error) => error.keyword !== 'if').map(entryOf)
  return errors.filter((error, i) => errors.findIndex((e) => e.path === error.path && e.code === error.code) === i)
}

/** @throws Problem 400 `invalid` */
export function assertFits(schema: Schema, value: unknown): void {
  const errors = findFaults(schema, value)
  if (errors.length > 0) throw new Problem(400, 'invalid', errors)
}

type Properties = Record<string, Schema & { properties?: Properties }>

/** Names that a body may not hold, whatever their value: unknown ones, and those that the kernel keeps. */
export function findStrangers(readable: Schema, body: JsonObject, base = ''): ProblemEntry[] {
  const properties = readable.properties as Properties
  return Object.entries(body).flatMap(([name, value]) => {
    const path = `${base}/${escape(name)}`
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (!schema) return [{ path, code: 'unknown' }]
    if (schema.readOnly === true) return [{ path, code: 'read_only' }]
    const isGroup = schema.properties && typeof value === 'object' && value !== null && !Array.isArray(value)
    return isGroup ? findStrangers(schema, value, path) : []
  })
}

/** The body without the fields that say nothing: null means no value. */
export function withoutNulls(readable: Schema, body: JsonObject): JsonObject {
  const properties = readable.properties as Properties
  const kept = Object.entries(body).filter(([, value]) => value !== null)
  return Object.fromEntries(
    kept.map(([name, value]) => {
      const inner = properties[name]?.properties ? (properties[name] as Schema) : null
      const isGroup = inner && typeof value === 'object' && !Array.isArray(value)
      return [name, isGroup ? withoutNulls(inner, value as JsonObject) : value]
    }),
  )
}
