/** What a role that a tenant has defined gives. */
import type { FieldGrant, RowGrant, Schema } from '../contract.ts'
import type { Role } from './identity.ts'

export interface Grants {
  /** By name. What is not named is not given. */
  readonly permissions: readonly string[]
  /** By resource; one that is not named is met whole. What may be written is what may be read where nothing is said. */
  readonly rows: Readonly<Record<string, { readonly read: RowGrant; readonly write?: RowGrant }>>
  /** By resource and field. */
  readonly fields: Readonly<Record<string, Readonly<Record<string, FieldGrant>>>>
}

/** A role as it is kept. */
export interface TenantRole {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly grants: Grants
}

/** One of the kernel's two roles, or one of the tenant's own. */
export interface ChosenRole {
  readonly role: Role
  readonly roleId: string | null
}

/** A role as bodies name it. */
export const roleNamed = (word: string): ChosenRole =>
  word === 'administrator' || word === 'member' ? { role: word, roleId: null } : { role: 'member', roleId: word }

export interface Team {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly members: readonly string[]
}

const ROWS = {
  oneOf: [
    { const: 'all' },
    {
      type: 'array',
      minItems: 1,
      maxItems: 5,
      items: { oneOf: [{ enum: ['own', 'team'] }, { type: 'object', minProperties: 1 }] },
    },
  ],
}
const NAME = { type: 'string', minLength: 1, maxLength: 100, pattern: '\\S' }
const VERSION = { type: 'integer', minimum: 1, description: 'As it was read: 412 where somebody was faster.' }

const ROLE = {
  name: NAME,
  permissions: { type: 'array', maxItems: 1_000, uniqueItems: true, items: { type: 'string', maxLength: 200 } },
  rows: {
    type: 'object',
    maxProperties: 100,
    additionalProperties: {
      type: 'object',
      required: ['read'],
      additionalProperties: false,
      properties: { read: ROWS, write: ROWS },
    },
  },
  fields: {
    type: 'object',
    maxProperties: 100,
    additionalProperties: {
      type: 'object',
      maxProperties: 200,
      additionalProperties: { enum: ['read', 'masked'] },
    },
  },
}

const TEAM = {
  name: NAME,
  members: { type: 'array', maxItems: 500, uniqueItems: true, items: { type: 'string', format: 'uuid' } },
}

const creating = (properties: object, required: string[]) =>
  ({ type: 'object', required, additionalProperties: false, properties }) as Schema
const changing = (properties: object) =>
  ({
    type: 'object',
    required: ['version'],
    minProperties: 2,
    additionalProperties: false,
    properties: { version: VERSION, ...properties },
  }) as Schema

const { permissions, rows, fields } = ROLE

/** What an answer to `rights.narrowing` says. */
export const NARROWING = {
  type: 'object',
  additionalProperties: false,
  properties: { permissions, rows, fields },
} as Schema

export const ROLE_BODY = creating(ROLE, ['name', 'permissions'])
export const ROLE_CHANGE = changing(ROLE)
export const TEAM_BODY = creating(TEAM, ['name'])
export const TEAM_CHANGE = changing(TEAM)
