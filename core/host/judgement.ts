/** Judges a loaded plugin against the rules of the house; every fault says what to mend. */
import type { Schema } from '../contract.ts'
import { findCronFault } from '../delivery/schedule.ts'
import { findDialectFaults } from '../resource/dialect.ts'
import type { Fault, Installed } from './manifest.ts'

const VERBS = ['read', 'create', 'update', 'delete']
type Report = (rule: string, mend: string) => void

function judgeResources({ id, plugin }: Installed, report: Report): void {
  for (const { name, schema, belongsTo } of plugin.resources ?? []) {
    if (name !== id && !name.startsWith(`${id}.`))
      report(`the resource '${name}' does not bear its id`, `call it '${id}.${name}'`)
    for (const fault of findDialectFaults(schema))
      report(`the schema of '${name}': ${fault}`, 'see schemas/dialect.json')
    const owners = Object.values((schema.properties ?? {}) as Record<string, Schema>).filter(
      (s) => s['x-ref'] === belongsTo,
    )
    if (belongsTo && owners.length !== 1) {
      report(
        `'${name}' belongs to ${belongsTo}, but no one field refers to it`,
        `give one field "x-ref": "${belongsTo}"`,
      )
    }
  }
}

function judgeExtensions({ extensions }: Installed, known: ReadonlySet<string>, report: Report): void {
  for (const [of, schema] of extensions) {
    if (!known.has(of)) report(`it extends '${of}', which is not there`, `require the plugin that brings '${of}'`)
    for (const fault of findDialectFaults(schema))
      report(`its schema for '${of}': ${fault}`, 'see schemas/dialect.json')
    if (schema.required) report(`its schema for '${of}' requires fields`, 'a row must be valid without the plugin')
  }
}

function judgeRoutes({ id, plugin, manifest }: Installed, permissions: ReadonlySet<string>, report: Report): void {
  for (const { method, path, access } of plugin.routes ?? []) {
    const route = `${method} /api/${id}${path}`
    if (!path.startsWith('/')) report(`the path of ${route} does not begin with a slash`, 'begin it with a slash')
    if (!access) report(`${route} has no access`, 'give it a permission')
    else if (!permissions.has(access))
      report(`${route} asks for '${access}', which nobody has`, 'declare it in permissions')
  }
  for (const { id: widget, access } of manifest.widgets) {
    if (access && !permissions.has(access))
      report(`the widget '${widget}' asks for '${access}', which nobody has`, 'declare it in permissions')
  }
  for (const permission of Object.keys(manifest.permissions)) {
    if (!permission.startsWith(`${id}.`))
      report(`the permission '${permission}' does not bear its id`, `call it '${id}.<verb>'`)
  }
}

function judgeHandlers({ plugin }: Installed, report: Report): void {
  const names = (plugin.handlers ?? []).map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice) report(`two handlers are called '${twice}'`, 'rename one')
}

function judgePoints({ id, plugin, manifest }: Installed, report: Report): void {
  for (const { name } of plugin.points ?? [])
    if (!name.startsWith(`${id}.`)) report(`the point '${name}' does not bear its id`, `call it '${id}.<noun>'`)
  const answered = new Set<string>()
  for (const { point, key } of plugin.answers ?? []) {
    const owner = point.name.split('.')[0] as string
    const line = key === undefined ? point.name : `${point.name} ${key}`
    if (owner !== id && !manifest.requires[owner])
      report(`it answers '${point.name}' of a plugin that it does not require`, `require '${owner}'`)
    if ((point.kind === 'choose') !== (key !== undefined))
      report(
        `its answer to '${point.name}' ${key === undefined ? 'has no key' : 'has a key'}`,
        'only `choose` goes by key',
      )
    if (answered.has(line)) report(`it answers '${line}' twice`, 'join the two answers')
    answered.add(line)
  }
}

function judgeSchedules({ id, manifest }: Installed, report: Report): void {
  for (const [event, every] of Object.entries(manifest.schedules)) {
    if (!event.startsWith(`${id}.`))
      report(`it schedules '${event}', which is not its own event`, `call it '${id}.<verb>'`)
    const fault = findCronFault(every)
    if (fault) report(`the schedule of '${event}': ${fault}`, 'write a cron line of five fields, as "0 6 * * 1"')
  }
}

/** Permissions that a plugin brings: four for each resource, and those of its manifest. */
export function permissionsOf({ plugin, manifest }: Pick<Installed, 'plugin' | 'manifest'>): string[] {
  const verbs = (plugin.resources ?? []).flatMap(({ name }) => VERBS.map((verb) => `${name}.${verb}`))
  return [...verbs, ...Object.keys(manifest.permissions)]
}

export function judge(candidate: Installed, loaded: readonly Installed[], faults: Fault[]): boolean {
  const before = faults.length
  const report: Report = (rule, mend) => faults.push({ plugin: candidate.id, rule, mend })
  const everybody = [...loaded, candidate]
  const resources = new Set(everybody.flatMap(({ plugin }) => (plugin.resources ?? []).map(({ name }) => name)))
  judgeResources(candidate, report)
  judgeExtensions(candidate, resources, report)
  judgeRoutes(candidate, new Set(everybody.flatMap(permissionsOf)), report)
  judgeHandlers(candidate, report)
  judgeSchedules(candidate, report)
  judgePoints(candidate, report)
  return faults.length === before
}

/** All faults in one text, grouped by plugin. */
export function printFaults(faults: readonly Fault[]): string {
  const plugins = [...new Set(faults.map(({ plugin }) => plugin))]
  const block = (id: string) =>
    faults
      .filter(({ plugin }) => plugin === id)
      .map(({ rule, mend }) => `  - ${rule}\n    mend: ${mend}`)
      .join('\n')
  return plugins.map((id) => `plugin ${id} is left out:\n${block(id)}`).join('\n')
}
