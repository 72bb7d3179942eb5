/** Judges how a plugin keeps the rows of its resources. */
import type { AnyResource, Keep, Schema, Verb } from '../contract.ts'
import type { Installed } from './manifest.ts'

/** What may be done with the rows of each kind. */
export const VERBS: Readonly<Record<Keep, readonly Verb[]>> = {
  record: ['read', 'create', 'update', 'delete'],
  log: ['read', 'create'],
  scratch: ['read', 'create', 'update', 'delete'],
}
const MOST_DAYS = 3_660

const fieldsOf = (schema: Schema) => Object.values((schema.properties ?? {}) as Record<string, Schema>)
const isDays = (days: unknown) => Number.isInteger(days) && Number(days) >= 1 && Number(days) <= MOST_DAYS

type Report = (rule: string, mend: string) => void

function judgeKind({ name, keep, retention }: AnyResource, report: Report): void {
  if (!Object.hasOwn(VERBS, keep)) report(`'${name}' is kept as '${keep}'`, "say 'record', 'log' or 'scratch'")
  else if (keep === 'record' && retention)
    report(`'${name}' is a record, and has a retention`, 'leave it out: tenants say how long they keep records')
  else if (keep !== 'record' && !isDays(retention?.days))
    report(`'${name}' does not say how long it is kept`, `give it retention: { days: 1 to ${MOST_DAYS} }`)
}

/** What goes without a word is not referred to, extended or counted. */
export function judgeKeeping(
  { plugin, extensions, opens }: Installed,
  everybody: readonly Installed[],
  report: Report,
): void {
  const all = everybody.flatMap((each) => each.plugin.resources ?? [])
  const passing = new Set(all.filter(({ keep }) => keep !== 'record').map(({ name }) => name))
  for (const resource of plugin.resources ?? []) {
    judgeKind(resource, report)
    for (const { 'x-ref': of } of fieldsOf(resource.schema))
      if (passing.has(String(of)))
        report(`'${resource.name}' refers to '${String(of)}', which is no record`, 'refer to a record')
  }
  for (const of of opens.filter((each) => passing.has(each)))
    report(`it lets tenants extend '${of}', which is no record`, 'let them extend a record')
  for (const [of, schema] of extensions) {
    if (passing.has(of)) report(`it extends '${of}', which is no record`, 'extend a record')
    const counted = fieldsOf(schema).map((field) => (field['x-rollup'] as { of?: string } | undefined)?.of ?? '')
    for (const name of counted.filter((each) => passing.has(each)))
      report(`it rolls up '${name}', which is no record`, 'ask for it by an aggregate')
  }
}
