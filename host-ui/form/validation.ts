import { type OutputUnit, type Schema as CfSchema, Validator } from '@cfworker/json-schema'
import type { RJSFSchema, RJSFValidationError, ValidationData, ValidatorType } from '@rjsf/utils'
import { toErrorSchema } from '@rjsf/utils'
import type { ProblemEntry, Schema } from 'weft/ui'
import './formats.ts'

/**
 * Validation in the browser, by interpretation: a compiling validator (Ajv) needs `eval`, which the page's Content
 * Security Policy forbids. It speaks in the entries of problem+json, so that errors of the browser and of the server
 * are one thing.
 */
export function problemsOf(schema: Schema, data: unknown): ProblemEntry[] {
  const { errors } = validatorOf(schema).validate(withoutUndefined(data))
  const entries = errors.flatMap((unit) => entriesOf(unit, schema, data))
  const seen = new Set<string>()
  // One message a field is what a person can act on.
  return entries.filter(({ path }) => !seen.has(path) && seen.add(path))
}

const validators = new WeakMap<object, Validator>()
function validatorOf(schema: Schema): Validator {
  let validator = validators.get(schema)
  if (!validator) validators.set(schema, (validator = new Validator(schema as CfSchema, '2020-12', false)))
  return validator
}

/** A keyword that reports on its subschemas says nothing that they do not say better. */
const LIMITS: Record<string, string> = {
  minLength: 'limit',
  maxLength: 'limit',
  minimum: 'limit',
  maximum: 'limit',
  exclusiveMinimum: 'limit',
  exclusiveMaximum: 'limit',
  minItems: 'limit',
  maxItems: 'limit',
  multipleOf: 'limit',
  format: 'format',
  type: 'type',
}
const PLAIN: Record<string, string> = {
  enum: 'enum',
  const: 'const',
  pattern: 'pattern',
  uniqueItems: 'unique_items',
  oneOf: 'oneOf',
  not: 'not',
}

function entriesOf(unit: OutputUnit, schema: Schema, data: unknown): ProblemEntry[] {
  const path = unit.instanceLocation.slice(1)
  const { keyword } = unit
  if (keyword === 'required') {
    const instance = resolve(data, path)
    const names = (resolve(schema, unit.keywordLocation.slice(1)) ?? []) as string[]
    return names.filter((name) => instance?.[name] === undefined).map((name) => required(path, name))
  }
  if (keyword === 'false') return [{ path, code: 'unknown' }]
  const limit = LIMITS[keyword]
  if (limit) return [{ path, code: keyword, params: { [limit]: resolve(schema, unit.keywordLocation.slice(1)) } }]
  return PLAIN[keyword] ? [{ path, code: PLAIN[keyword] }] : []
}

const required = (path: string, name: string): ProblemEntry => ({ path: `${path}/${escape(name)}`, code: 'required' })
const escape = (name: string) => name.replace(/~/g, '~0').replace(/\//g, '~1')

/** JSON Pointer segments of `/extensions/couple/email`. */
export function segments(pointer: string): string[] {
  const names = pointer.split('/').slice(1)
  return names.map((name) => decodeURIComponent(name).replace(/~1/g, '/').replace(/~0/g, '~'))
}

function resolve(target: unknown, pointer: string): any {
  return segments(pointer).reduce<any>((value, name) => value?.[name], target)
}

/** cfworker throws on undefined, which a form leaves behind where a value was emptied. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null) return value ?? null
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutUndefined(inner)]))
}

/** The door for rjsf, which asks a validator to choose between branches of a schema. */
export const validator: ValidatorType<any, RJSFSchema, any> = {
  isValid: (schema, data, root) => {
    try {
      const whole = root?.$defs && !schema.$defs ? { $defs: root.$defs, ...schema } : schema
      return problemsAreNone(whole as Schema, data)
    } catch {
      return false
    }
  },
  rawValidation: (schema, data) => ({ errors: problemsOf(schema as Schema, data) as any[] }),
  validateFormData: (data, schema, _customValidate, transformErrors, uiSchema): ValidationData<any> => {
    const found = problemsOf(schema as Schema, data ?? null).map(toRjsf)
    const errors = transformErrors ? transformErrors(found, uiSchema) : found
    return { errors, errorSchema: toErrorSchema(errors) }
  },
}

function problemsAreNone(schema: Schema, data: unknown): boolean {
  return validatorOf(schema).validate(withoutUndefined(data)).valid
}

function toRjsf(entry: ProblemEntry): RJSFValidationError {
  const property = segments(entry.path).map((name) => `.${name}`)
  return { name: entry.code, message: entry.code, params: entry.params, property: property.join(''), stack: entry.code }
}
