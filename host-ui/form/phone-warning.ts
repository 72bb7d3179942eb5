import type { Row, Schema } from 'weft/ui'
import { at, isEmpty, type Values } from './merge-patch.ts'
import { pointerOf } from './problem-text.ts'

/**
 * The server keeps a number as typed and, where it understands it, in E.164 beside it. These are the stored numbers
 * that it could not read, as long as nobody has typed over them.
 */
export function unreadPhones(schema: Schema, row: Row | undefined, data: Values, above: string[] = []): string[] {
  const properties = (schema.properties ?? {}) as Record<string, Schema>
  return Object.entries(properties).flatMap(([name, property]) => {
    const path = [...above, name]
    if (property.type === 'object') return unreadPhones(property, row, data, path)
    if (property.format !== 'phone' || !properties[`${name}E164`]) return []
    const stored = at(row, path)
    const isUnread = !isEmpty(stored) && isEmpty(at(row, [...above, `${name}E164`])) && at(data, path) === stored
    return isUnread ? [pointerOf(path)] : []
  })
}
