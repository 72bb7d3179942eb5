/** The locale keys that follow from a plugin's schemas and manifest: a schema holds no human text. */
import type { Schema } from '../../contract.ts'
import type { Installed } from '../../host/manifest.ts'
import { companionOf } from '../../resource/model.ts'

const VERBS = ['read', 'create', 'update', 'delete']
const propertiesOf = (schema: Schema) => Object.entries((schema.properties ?? {}) as Record<string, Schema>)

function fieldLabels(prefix: string, schema: Schema): string[] {
  return propertiesOf(schema).flatMap(([name, field]) => {
    const key = `${prefix}.${name}`
    const values = ((field.enum ?? (field.items as Schema | undefined)?.enum ?? []) as string[]).map(
      (value) => `${key}.${value}`,
    )
    const companion = field.format === 'phone' ? [companionOf(key)] : []
    const section = field['x-section'] ? [`section.${field['x-section']}`] : []
    return [key, ...values, ...companion, ...section]
  })
}

export function labelsOf({ plugin, manifest, extensions }: Installed): string[] {
  const resources = (plugin.resources ?? []).flatMap(({ name, schema }) => [
    name,
    `${name}.one`,
    ...VERBS.map((verb) => `permission.${name}.${verb}`),
    ...fieldLabels(name, schema),
  ])
  const extended = [...extensions].flatMap(([of, schema]) => fieldLabels(of, schema))
  const settings = manifest.settings ? fieldLabels('settings', manifest.settings) : []
  const secrets = manifest.secrets.map((name) => `secrets.${name}`)
  const widgets = manifest.widgets.map(({ id }) => `widget.${id}`)
  return [...new Set([...resources, ...extended, ...settings, ...secrets, ...widgets])]
}
