/** The dialect of resource schemas: draft 2020-12, tamed, with the kernel's annotations. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import dialect from '../../schemas/dialect.json' with { type: 'json' }
import type { Schema } from '../contract.ts'

/** The kernel's annotations; what is not here is a misspelling, unless a plugin's manifest brings it. */
export const annotations: readonly string[] = Object.keys(dialect.$defs.annotations.properties)

const check = new Ajv2020({ allErrors: true, strict: false }).compile(dialect)

/** @returns sentences that say what in a schema the dialect does not allow; empty where it is sound */
export function findDialectFaults(schema: Schema): string[] {
  if (check(schema)) return []
  const faults = (check.errors ?? []).map(({ instancePath, message, params }) => {
    const name = params.unevaluatedProperty ?? params.additionalProperty
    return name === undefined ? `${instancePath || '/'} ${message}` : `${instancePath}/${name} is not in the dialect`
  })
  return [...new Set(faults)]
}
