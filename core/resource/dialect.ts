/** The dialect of resource schemas: draft 2020-12, tamed, with the kernel's annotations. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import dialect from '../../schemas/dialect.json' with { type: 'json' }
import type { Schema } from '../contract.ts'

/** The kernel's annotations; what is not here is a misspelling, unless a plugin's manifest brings it. */
export const annotations: readonly string[] = Object.keys(dialect.$defs.annotations.properties)

const ajv = new Ajv2020({ allErrors: true, strict: false })
const check = ajv.compile(dialect)

type Fields = Record<string, Record<string, unknown>>

/** Takes the annotations of plugins out, and says what is wrong with their values. */
function readFurther(schema: Schema, further: ReadonlyMap<string, Schema>): { plain: Schema; faults: string[] } {
  const faults: string[] = []
  const properties = Object.entries((schema.properties ?? {}) as Fields).map(([name, field]) => {
    const kept = Object.entries(field).filter(([keyword, value]) => {
      const known = further.get(keyword)
      if (known && !ajv.validate(known, value))
        faults.push(`/properties/${name}/${keyword} ${ajv.errorsText(ajv.errors, { dataVar: '' })}`)
      return known === undefined
    })
    return [name, Object.fromEntries(kept)]
  })
  return { plain: { ...schema, properties: Object.fromEntries(properties) }, faults }
}

/**
 * @param further annotations that plugins bring, each with the schema of its value
 * @returns sentences that say what in a schema the dialect does not allow; empty where it is sound
 */
export function findDialectFaults(schema: Schema, further: ReadonlyMap<string, Schema> = new Map()): string[] {
  const { plain, faults } = further.size === 0 ? { plain: schema, faults: [] } : readFurther(schema, further)
  if (check(plain)) return faults
  const wrong = (check.errors ?? []).map(({ instancePath, message, params }) => {
    const name = params.unevaluatedProperty ?? params.additionalProperty
    return name === undefined ? `${instancePath || '/'} ${message}` : `${instancePath}/${name} is not in the dialect`
  })
  return [...new Set([...faults, ...wrong])]
}
