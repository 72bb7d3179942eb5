/**
 * `node core/bootstrap.mjs <script> [words...]`: installs what is missing, then runs a script of this clone under
 * Node 24. Plain JavaScript, because it is read by any Node from 20 when nothing is installed yet.
 */
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { ensureInstalled, finish, pathWith, root, Stop } from './bootstrap-install.mjs'

/** npm runs us by a shell, and a shell that is ended does not pass it on. */
const isUnderNpm = process.env.npm_lifecycle_event !== undefined

try {
  const [script, ...words] = process.argv.slice(2)
  if (script === undefined) throw new Stop('Usage: node core/bootstrap.mjs <script> [words...]')
  await run(await ensureInstalled(), [resolve(root, script), ...words])
} catch (error) {
  if (!(error instanceof Stop)) throw error
  console.error(error.message)
  process.exitCode = 1
}

async function run(node, words) {
  // Every process strips the types of its sources, and need not do so anew.
  const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'compiled')
  const env = { ...process.env, NODE_COMPILE_CACHE, ...pathWith(join(root, 'node_modules', '.bin'), 'first') }
  // Becoming the script leaves no second process to pass signals on, or to be killed without it.
  if (Number.parseInt(process.versions.node, 10) >= 24 && process.execve)
    process.execve(node, [node, ...(isUnderNpm ? watchParent() : []), ...words], env)
  const child = spawn(node, [...watchParent(), ...words], { stdio: 'inherit', env })
  if (isUnderNpm) onOrphaned(() => child.kill('SIGTERM'))
  const { code, signal, error } = await finish(child)
  if (error) throw new Stop(`Cannot run ${node}: ${error.message}`)
  process.exitCode = code ?? 1
  if (signal) process.kill(process.pid, signal)
}

function onOrphaned(end) {
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && end(), 1000).unref()
}

/** Words for Node by which a script ends in good order when we are killed in a way that cannot be passed on. */
function watchParent() {
  const code = `(${onOrphaned})(() => process.kill(process.pid, 'SIGTERM'))`
  return process.platform === 'win32' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
}
