/** A Redis or Valkey of one's own, where the machine has the program; or the one of `REDIS_URL`. */
import { execFileSync, spawn } from 'node:child_process'
import { freePort } from '../faults/program.ts'

function findServer(): string | null {
  try {
    const found = execFileSync('sh', ['-c', 'command -v redis-server || command -v valkey-server'])
    return found.toString().trim()
  } catch {
    return null
  }
}

export const hasRedis = () => Boolean(process.env.REDIS_URL) || findServer() !== null

/** @throws Error where there is none */
export async function openRedis(dir: string): Promise<{ url: string; stop: () => void }> {
  const { REDIS_URL } = process.env
  if (REDIS_URL) return { url: REDIS_URL, stop: () => {} }
  const program = findServer()
  if (!program) throw new Error('This needs redis-server, valkey-server or REDIS_URL.')
  const port = await freePort()
  const server = spawn(program, ['--port', `${port}`, '--save', '', '--dir', dir], { stdio: 'ignore' })
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.kill('SIGKILL') }
}
