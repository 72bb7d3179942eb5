import type { Schema } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'
import type { Field } from '../fields/field.ts'
import type { FieldGrant } from './role.ts'

/** Why a right cannot be taken: the system keeps the field, every record needs it, or nobody writes it anyway. */
export type Hindrance = 'kernel' | 'needed' | 'computed'

interface Rule {
  if?: Schema
  then?: Schema
}

/** Fields without which a record is not valid, or not always. */
function demandedNames({ required = [], allOf = [] }: Schema): Set<string> {
  const rules = allOf as Rule[]
  const named = rules.flatMap((rule) => [...Object.keys(rule.if?.properties ?? {}), ...(rule.then?.required ?? [])])
  return new Set([...(required as string[]), ...named])
}

const isFilled = ({ schema }: Field) => 'default' in schema || schema['x-default'] !== undefined

type Of = { resource: Pick<Resource, 'belongsTo'>; schema: Schema }

/** The same that the server judges by, so that nobody has to be refused to learn it. */
export function hindranceOf(field: Field, grant: FieldGrant, { resource, schema }: Of): Hindrance | null {
  if (field.system) return 'kernel'
  if (grant === 'read') return field.schema.readOnly ? 'computed' : null
  if (field.extension !== null) return null
  const isOwner = resource.belongsTo !== null && field.schema['x-ref'] === resource.belongsTo
  return isOwner || isFilled(field) || demandedNames(schema).has(field.name) ? 'needed' : null
}

/** Whether whoever may not write it can make no record at all. */
export const isAskedOfNew = (field: Field, schema: Schema): boolean =>
  field.extension === null && !isFilled(field) && demandedNames(schema).has(field.name)
