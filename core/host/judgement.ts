/** Judges a loaded plugin against the rules of the house; every fault says what to mend. */
import { isDeepStrictEqual } from 'node:util'
import { anyEvent, type AnyResource, narrowing, type Schema, storing } from '../contract.ts'
import { findCronFault } from '../delivery/schedule.ts'
import { annotations, findDialectFaults } from '../resource/dialect.ts'
import { readFilter } from '../resource/filter.ts'
import { compileModel } from '../resource/model.ts'
import { judgeKeeping, VERBS } from './keeping.ts'
import type { Fault, Installed } from './manifest.ts'
import { faultOf, illMade } from './reason.ts'
import { judgeRoutes, NAME, type Report } from './route-judgement.ts'

/** What stands below the path of each resource. */
const TAKEN = ['aggregate', 'batch']

/** The annotations that plugins bring, those of a later one only where no other has said something else of the name. */
function annotationsOf(everybody: readonly Installed[], report: Report): Map<string, Schema> {
  const known = new Map<string, Schema>()
  for (const [name, schema] of everybody.flatMap(({ manifest }) => Object.entries(manifest.annotations))) {
    const met = known.get(name)
    if (annotations.includes(name)) report(`it brings the annotation '${name}', which is the kernel's`, 'rename it')
    else if (met && !isDeepStrictEqual(met, schema))
      report(`it brings the annotation '${name}', of which another plugin says something else`, 'rename it')
    else known.set(name, schema)
  }
  return known
}

function judgeResources({ id, plugin }: Installed, further: ReadonlyMap<string, Schema>, report: Report): void {
  for (const resource of plugin.resources ?? []) {
    const { name, schema, belongsTo } = resource
    for (const fault of findRuleFaults(resource))
      report(`the rule of '${name}': ${fault}`, 'ask for its own filterable fields')
    if (name !== id && !name.startsWith(`${id}.`))
      report(`the resource '${name}' does not bear its id`, `call it '${id}.${name}'`)
    if (TAKEN.some((noun) => name.endsWith(`.${noun}`)))
      report(`the resource '${name}' would stand where every resource has a route`, 'choose another noun')
    for (const fault of findDialectFaults(schema, further))
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

/** A rule holds whatever plugins are on, so it asks for nothing but the resource's own fields. */
function findRuleFaults(resource: AnyResource): string[] {
  const model = compileModel(resource, { plugin: '', isKernel: false })
  const scope = { model, children: new Map(), now: new Date(), me: null, rule: () => null }
  return [resource.rule?.read, resource.rule?.write].flatMap((filter) => {
    try {
      if (filter) readFilter(scope, filter)
      return []
    } catch (error) {
      return [(error as Error).message]
    }
  })
}

/** A field is filled from a list that is there whenever the field is. */
function judgeLists(candidate: Installed, everybody: readonly Installed[], report: Report): void {
  const { id, manifest, plugin, extensions } = candidate
  const near = everybody.filter((each) => each.id === id || each.isKernel || manifest.requires[each.id] !== undefined)
  const known = near.flatMap((each) => Object.keys(each.manifest.lists).map((name) => `${each.id}.${name}`))
  const schemas = [...(plugin.resources ?? []).map(({ schema }) => schema), ...extensions.values()]
  for (const schema of schemas)
    for (const [name, field] of Object.entries((schema.properties ?? {}) as Record<string, Schema>)) {
      const list = field['x-values']
      if (list !== undefined && !known.includes(String(list)))
        report(
          `'${name}' is filled from '${String(list)}', which is no list`,
          'declare it in `lists`, or require its plugin',
        )
      if (list !== undefined && (field.enum !== undefined || !['string', 'array'].includes(String(field.type))))
        report(`'${name}' is filled from a list and is no plain text or list of texts`, 'leave out `enum`')
    }
  for (const [name, values] of Object.entries(manifest.lists))
    if (new Set(values.map(({ value }) => value)).size < values.length)
      report(`its list '${name}' has a value twice`, 'leave one out')
}

function judgeExtensions(
  { extensions, opens }: Installed,
  known: { resources: ReadonlySet<string>; further: ReadonlyMap<string, Schema> },
  report: Report,
): void {
  for (const of of opens)
    if (of !== '*' && !known.resources.has(of))
      report(`it lets tenants extend '${of}', which is not there`, `require the plugin that brings '${of}'`)
  for (const [of, schema] of extensions) {
    if (!known.resources.has(of))
      report(`it extends '${of}', which is not there`, `require the plugin that brings '${of}'`)
    for (const fault of findDialectFaults(schema, known.further))
      report(`its schema for '${of}': ${fault}`, 'see schemas/dialect.json')
    const referring = Object.entries((schema.properties ?? {}) as Record<string, Schema>).find(
      ([, field]) => field['x-ref'] !== undefined && field['x-ref'] !== 'users',
    )
    if (referring)
      report(
        `its schema for '${of}' refers to rows in '${referring[0]}'`,
        'keep the reference in a resource of your own that belongs to the row: there it is checked, and follows merges',
      )
    if (schema.required) report(`its schema for '${of}' requires fields`, 'a row must be valid without the plugin')
  }
}

function judgePermissions({ id, manifest }: Installed, permissions: ReadonlySet<string>, report: Report): void {
  for (const { id: widget, access } of manifest.widgets) {
    if (access && !permissions.has(access))
      report(`the widget '${widget}' asks for '${access}', which nobody has`, 'declare it in permissions')
  }
  for (const permission of Object.keys(manifest.permissions)) {
    if (!permission.startsWith(`${id}.`))
      report(`the permission '${permission}' does not bear its id`, `call it '${id}.<verb>'`)
  }
}

function judgeHandlers({ plugin, manifest }: Installed, report: Report): void {
  const names = (plugin.handlers ?? []).map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice) report(`two handlers are called '${twice}'`, 'rename one')
  const hearing = (plugin.handlers ?? []).find(({ event }) => event.name === anyEvent.name)
  if (hearing && !manifest.uses['*']?.includes('read'))
    report(`its handler '${hearing.name}' hears every event`, 'say "*": ["read"] in uses')
}

function judgeFeeds({ plugin }: Installed, report: Report): void {
  const names = (plugin.feeds ?? []).map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice) report(`two feeds are called '${twice}'`, 'rename one')
  for (const name of names)
    if (!NAME.test(name)) report(`the feed '${name}' has no plain name`, 'use small letters, digits and dashes')
}

const ROW_POINT = /^(.+)\.(creating|updating|deleting|merging)$/

/** The resource whose rows a point is about; null for a point that a plugin defines. */
const resourceOf = (point: string, resources: ReadonlySet<string>) => {
  const name = ROW_POINT.exec(point)?.[1]
  return name !== undefined && resources.has(name) ? name : null
}

function judgePoints({ id, plugin }: Installed, resources: ReadonlySet<string>, report: Report): void {
  for (const { name } of plugin.points ?? []) {
    if (!name.startsWith(`${id}.`)) report(`the point '${name}' does not bear its id`, `call it '${id}.<noun>'`)
    const resource = resourceOf(name, resources)
    if (resource) report(`the point '${name}' is one that '${resource}' has already`, 'call it otherwise')
  }
}

/** What the kernel asks anybody may answer. */
const KERNELS: ReadonlySet<string> = new Set([storing.name, narrowing.name])

function judgeAnswers({ id, plugin, manifest }: Installed, resources: ReadonlySet<string>, report: Report): void {
  const answered = new Set<string>()
  for (const { point, key } of plugin.answers ?? []) {
    const owner = point.name.split('.')[0] as string
    const line = key === undefined ? point.name : `${point.name} ${key}`
    const isRequired = owner === id || manifest.requires[owner] !== undefined || KERNELS.has(point.name)
    const resource = resourceOf(point.name, resources)
    if (resource && !isRequired && !manifest.uses[resource] && !manifest.extends[resource])
      report(
        `it answers '${point.name}' of a resource that it neither uses nor extends`,
        `name '${resource}' in \`uses\` or \`extends\`, or require '${owner}'`,
      )
    else if (!resource && !isRequired)
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

/** More than a person would write: made in a loop, it would fill the memory of every process. */
const MOST = 500

function judgeSize({ plugin }: Installed, report: Report): void {
  for (const [word, parts] of Object.entries(plugin))
    if (parts.length > MOST) report(`it brings ${parts.length} ${word}`, `bring at most ${MOST}`)
}

/** Permissions that a plugin brings: those for the verbs of each resource, and those of its manifest. */
export function permissionsOf({ plugin, manifest }: Pick<Installed, 'plugin' | 'manifest'>): string[] {
  const verbs = (plugin.resources ?? []).flatMap(({ name, keep }) => VERBS[keep].map((verb) => `${name}.${verb}`))
  return [...verbs, ...Object.keys(manifest.permissions)]
}

export function judge(candidate: Installed, loaded: readonly Installed[], faults: Fault[]): boolean {
  const before = faults.length
  const report: Report = (rule, mend) =>
    faults.push(faultOf(candidate.id, illMade(rule, mend), candidate.manifest.version))
  const everybody = [...loaded, candidate]
  const resources = new Set(everybody.flatMap(({ plugin }) => (plugin.resources ?? []).map(({ name }) => name)))
  judgeSize(candidate, report)
  if (faults.length > before) return false
  const further = annotationsOf(everybody, report)
  judgeResources(candidate, further, report)
  judgeKeeping(candidate, everybody, report)
  judgeExtensions(candidate, { resources, further }, report)
  judgeLists(candidate, everybody, report)
  const permissions = new Set(everybody.flatMap(permissionsOf))
  judgeRoutes(candidate, permissions, report)
  judgePermissions(candidate, permissions, report)
  judgeFeeds(candidate, report)
  judgeHandlers(candidate, report)
  judgeSchedules(candidate, report)
  judgePoints(candidate, resources, report)
  judgeAnswers(candidate, resources, report)
  return faults.length === before
}

/** One sentence that says which plugin is left out and why. */
export const sentenceOf = ({ plugin, version, rule }: Fault): string =>
  `${plugin}${version ? ` ${version}` : ''} is left out: ${rule}`

/** All faults in one text, a sentence for each and how to mend it. */
export function printFaults(faults: readonly Fault[]): string {
  return faults.map((fault) => `${sentenceOf(fault)}\n    mend: ${fault.mend}`).join('\n')
}
