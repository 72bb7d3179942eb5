/** Fields that the kernel keeps, and names that nobody knows, cannot be written: each is refused by its path. */
import type { JsonObject } from '../../contract.ts'
import { ask, type Attempt, type Bench, changingNothing, inTurns, sampleOf, versioned } from './bench.ts'
import type { Target } from './ground.ts'

export const ASSIGNMENT = 'kernel fields'
const MEND = 'let the kernel check bodies against the schema, and pass nothing on that it has refused'

/** Names beside those of the schema: the kernel's columns, other people's conventions, and JavaScript's own. */
const STRANGERS = [
  'tenantId',
  'tenant_id',
  'organizationId',
  'created_by',
  'deletedAt',
  'deleted_at',
  'derived',
  'search_text',
  'mergedInto',
  'unknownField',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
]

/** The pointers of what must not be written, with a value for each. */
function forbiddenOf({ model, isOwn, fields }: Target, plugin: string): string[] {
  const readOnly = fields.filter((field) => field.readOnly).map(({ pointer }) => pointer)
  const kept = isOwn ? [...model.fields.values()].filter((field) => field.readOnly && field.extension === null) : []
  const bases = isOwn ? [''] : [`/extensions/${plugin}`]
  const strange = bases.flatMap((base) => STRANGERS.map((name) => `${base}/${name}`))
  return [...new Set([...readOnly, ...kept.map(({ pointer }) => pointer), ...strange, '/extensions/nobody'])]
}

/** Written out by hand: an object of JavaScript would not keep `__proto__`. */
function textWith(body: JsonObject, pointer: string): string {
  const [name = '', ...rest] = pointer.slice(1).split('/')
  const within = (body[name] ?? {}) as JsonObject
  const value = rest.length > 0 ? textWith(within, `/${rest.join('/')}`) : JSON.stringify({ prototype: { x: 1 } })
  const others = Object.entries(body).filter(([each]) => each !== name)
  return `{${[...others.map(([each, it]) => `${JSON.stringify(each)}:${JSON.stringify(it)}`), `${JSON.stringify(name)}:${value}`].join(',')}}`
}

export async function checkAssignment(bench: Bench): Promise<void> {
  const { stage, ground, rows, tally, snapshots } = bench
  for (const target of ground.targets) {
    const { model } = target
    const seen = await rows.standing(stage.own, model.name)
    const body = await rows.soundBody(stage.own, model.name)
    const attempts = forbiddenOf(target, ground.plugin as string).flatMap((pointer) => {
      const create = { method: 'POST', url: model.path, body: textWith(body, pointer), pointer }
      const url = `${model.path}/${seen.id}`
      const patch = { method: 'PATCH', url, headers: versioned(), body: textWith({}, pointer), pointer }
      return model.keep === 'log' ? [create] : [create, patch]
    })
    const what = `a body of ${model.name} with what it must not hold`
    const at = { rule: ASSIGNMENT, what, mend: MEND, read: () => snapshots.whole() }
    await changingNothing(bench, at, () =>
      inTurns(sampleOf(bench, attempts, 40), async (attempt: Attempt & { pointer: string }) => {
        const reply = await ask(stage.own.ask, attempt)
        tally.count(ASSIGNMENT)
        const paths = ((reply.body?.errors ?? []) as { path: string }[]).map(({ path }) => path)
        const isNamed = paths.some((path) => path === attempt.pointer || path.startsWith(`${attempt.pointer}/`))
        if (reply.status !== 400 || !isNamed)
          tally.find(
            ASSIGNMENT,
            `${attempt.method} with ${attempt.pointer} answers ${reply.status} ${paths.join(' ')}, not 400 with its path`,
            MEND,
          )
      }),
    )
  }
}
