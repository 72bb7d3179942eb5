import { activeFields, type Row, type Schema } from 'weft/ui'

/** An interaction as the screen needs to know it; which further fields it has, its schema says. */
export interface Interaction extends Row {
  readonly recordId: string
  readonly type: string
  readonly title: string | null
  readonly text: string | null
  readonly occurredAt: string
  readonly pinned: boolean | null
}

export const PATH = '/api/interactions'

/** The fields that this widget can name and show; those of other plugins' extensions have their labels elsewhere. */
export const fieldsOf = (schema: Schema, values: Readonly<Record<string, any>>): string[] =>
  activeFields(schema, values).filter((name) => schema.properties[name].type !== 'object')

export const typesOf = (schema: Schema): readonly string[] => schema.properties.type.enum

/** What the entry itself shows by other means than a line of "label: value". */
export const HEADLINE = ['recordId', 'type', 'title', 'text', 'occurredAt', 'pinned', 'statusBefore', 'statusAfter']
