/** What a `ctx` does with tasks: begins one from a route, and goes on with it in a handler. */
import { randomUUID } from 'node:crypto'
import type { Ctx } from '../contract.ts'
import type { Claims } from '../data/context.ts'
import { enterTask } from './task-store.ts'
import type { Call, Telling } from './telling.ts'
import type { Unit } from './unit.ts'

interface Means {
  readonly occasion: {
    readonly telling?: Telling
    readonly keyId?: string | null
    readonly begun?: (task: string) => void
  }
  readonly plugin: string
  readonly claims: Claims
  readonly isWithin: boolean
  readonly call: Call<Ctx>
  /** @throws Error where nothing can be written */
  open(): Unit
}

export function tasksOf({ occasion, plugin, claims, isWithin, call, open }: Means): Pick<Ctx, 'task' | 'begin'> {
  return {
    task: async (task) => {
      if (isWithin || !occasion.telling)
        throw new Error('ctx.task is for an exchange that is told an event: a route begins one by ctx.begin.')
      return occasion.telling.open<Ctx>(claims, task, call)
    },
    begin: async (event, payload, { name, total }) => {
      if (!event.name.startsWith(`${plugin}.`))
        throw new Error(`${plugin} cannot tell ${event.name}: it is not its own event.`)
      const id = randomUUID()
      const unit = open()
      await enterTask(
        { query: (query) => unit.write(query) },
        { id, tenant: claims.tenant, name, key: occasion.keyId ?? null, total: total ?? null },
        { name: event.name, payload },
      )
      occasion.begun?.(id)
      return id
    },
  }
}
