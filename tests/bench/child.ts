/** Processes of the bench: each server and the load have one of their own, told what to do by messages. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'

type Ask =
  { readonly kind: 'open'; readonly input: unknown } | { readonly kind: 'cpu' | 'memory' } | { readonly kind: 'close' }

/** In a child: opens a server when told to, tells its port and its CPU time, and ends. */
export async function serve<T>(
  open: (input: T) => Promise<{ app: FastifyInstance; close: () => Promise<void> }>,
): Promise<void> {
  let close = async () => {}
  const answers: { [K in Ask['kind']]: (input: unknown) => Promise<unknown> } = {
    open: async (input) => {
      const server = await open(input as T)
      close = server.close
      await server.app.listen({ port: 0, host: '127.0.0.1' })
      return (server.app.server.address() as { port: number }).port
    },
    cpu: async () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1_000
    },
    memory: async () => process.memoryUsage().rss,
    close: () => close(),
  }
  answerParent(answers)
}

/** Answers each message of the parent; ends with the parent. */
export function answerParent(answers: Record<string, (input: never) => Promise<unknown>>): void {
  process.on('message', ({ kind, input }: { kind: string; input: unknown }) => {
    answers[kind]?.(input as never).then(
      (answer) => process.send?.({ answer }),
      (error: Error) => process.send?.({ fault: error.stack ?? String(error) }),
    )
  })
  // A profile is written at a regular end only.
  process.on('disconnect', () => process.exit(0))
}

export interface Child {
  ask<R>(kind: string, input?: unknown): Promise<R>
  end(): Promise<void>
}

/** `profile` is a folder for a CPU profile of the child. */
export function startChild(script: string, profile: string | null = null): Child {
  const execArgv = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []
  const child: ChildProcess = fork(join(import.meta.dirname, script), [], { execArgv })
  const ended = once(child, 'exit')
  return {
    async ask<R>(kind: string, input?: unknown): Promise<R> {
      const answered = once(child, 'message') as Promise<[{ answer: R; fault?: string }]>
      child.send({ kind, input })
      const gone = ended.then(() => {
        throw new Error(`${script} ended.`)
      })
      const [{ answer, fault }] = await Promise.race([answered, gone])
      if (fault !== undefined) throw new Error(`${script}: ${fault}`)
      return answer
    },
    async end() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}
