/** `node .ci/check.mjs lint | typecheck`: runs the programs beside each other, each to its end; fails when one does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const checks = {
  lint: [
    ['oxlint/bin/oxlint'],
    ['dependency-cruiser/bin/dependency-cruiser.mjs', 'core', 'plugins', 'host-ui', 'schemas', 'tests'],
    ['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    ['knip/bin/knip.js', '--no-progress'],
  ],
  typecheck: [
    ['typescript/bin/tsc', '-p', '.'],
    ['typescript/bin/tsc', '-p', 'host-ui'],
  ],
}

/** @returns whether it has failed */
async function run([program, ...words]) {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' }
  const child = spawn(process.execPath, [`node_modules/${program}`, ...words], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => said.push(part))
  const [status] = await once(child, 'close')
  // dependency-cruiser reads TypeScript by swc, and asks for a compiler that it does not need.
  const text = Buffer.concat(said)
    .toString()
    .replace(/^.*missing-tsc-transpiler[\s\S]*?stable[.]\n*/m, '')
  console.log(`${text}${status === 0 ? 'passed' : 'failed'}: ${program.split('/')[0]} ${words.join(' ')}`.trimEnd())
  return status !== 0
}

const programs = checks[process.argv[2]] ?? []
const failed = await Promise.all(programs.map(run))
process.exitCode = programs.length === 0 || failed.some(Boolean) ? 1 : 0
