/** `node .ci/check.mjs lint | typecheck`: runs each program to its end, and fails when one of them fails. */
import { spawnSync } from 'node:child_process'

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

const failed = (checks[process.argv[2]] ?? []).filter(([program, ...words]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`node_modules/${program}`, ...words], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  })
  // dependency-cruiser reads TypeScript by swc, and asks for a compiler that it does not need.
  process.stdout.write(`${stdout}${stderr}`.replace(/^.*missing-tsc-transpiler[\s\S]*?stable[.]\n*/m, ''))
  console.log(`${status === 0 ? 'passed' : 'failed'}: ${program.split('/')[0]} ${words.join(' ')}`.trimEnd())
  return status !== 0
})
process.exitCode = failed.length > 0 || !(process.argv[2] in checks) ? 1 : 0
