/** What a tenant calls the fields that it has defined: as texts of the screen, and as titles in a composed schema. */
import type { Schema } from '../contract.ts'
import { listOf } from '../resource/lists.ts'
import { textsOf } from '../resource/tenant-fields.ts'
import type { Composed, Composition } from './composition.ts'

export type Language = 'en' | 'fr'

/** By plugin, keyed like its locales. */
export function ownTexts(composition: Composition, language: Language): Map<string, Record<string, string>> {
  const texts = new Map<string, Record<string, string>>()
  const add = (plugin: string, more: Record<string, string>) => texts.set(plugin, { ...texts.get(plugin), ...more })
  for (const { plugin, resource, labels } of composition.own) add(plugin, textsOf(resource, labels, language))
  for (const { model } of composition.resources.values())
    for (const field of model.fields.values()) {
      const values = composition.lists.get(listOf(field) ?? '') ?? []
      const words = values.map(({ value, label }) => [value, label[language] ?? label.en ?? label.fr ?? value] as const)
      const key = `${model.name}.${field.name}`
      if (words.length > 0)
        add(
          field.extension ?? model.plugin,
          Object.fromEntries(words.map(([value, word]) => [`${key}.${value}`, word])),
        )
    }
  return texts
}

type Properties = Record<string, Schema>

const propertiesOf = (schema: Schema | undefined) => (schema?.properties ?? {}) as Properties

/** The colours that values of a list have been given. */
function withTones(schema: Schema, { lists }: Composition): Schema {
  const values = lists.get(String(schema['x-values'] ?? '')) ?? []
  const tones = values.flatMap(({ value, color }) => (color === undefined ? [] : [[value, color] as const]))
  return tones.length > 0 ? { ...schema, tones: Object.fromEntries(tones) } : schema
}

const eachProperty = (schema: Schema, change: (name: string, property: Schema) => Schema): Schema => ({
  ...schema,
  properties: Object.fromEntries(
    Object.entries(propertiesOf(schema)).map(([name, property]) => [name, change(name, property)]),
  ),
})

/** The schema as somebody reads it: with titles for fields of the tenant, what is demanded of new rows, colours of lists. */
export function labelledSchema({ model, read }: Composed, composition: Composition, language: Language): Schema {
  const mine = composition.own.filter(({ resource }) => resource === model.name)
  const ofGroup = (plugin: string, group: Schema): Schema => {
    const own = mine.find((each) => each.plugin === plugin)
    const texts = own ? textsOf(model.name, own.labels, language) : {}
    const labelled = eachProperty(group, (name, property) => {
      const title = texts[`${model.name}.${name}`]
      return withTones(title === undefined ? property : { ...property, title }, composition)
    })
    return own?.schema.required ? { ...labelled, required: own.schema.required } : labelled
  }
  return eachProperty(read, (name, property) =>
    name === 'extensions' ? eachProperty(property, ofGroup) : withTones(property, composition),
  )
}
