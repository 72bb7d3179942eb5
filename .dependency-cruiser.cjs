/** Who may import whom. Circles and floors count type imports too: a picture that needs no excuse. */

/** The floors of the core, the lowest first. A room imports its own files and lower floors; rooms of one floor are strangers. */
const floors = [
  ['core/contract-values[.]ts'],
  ['core/contract-ports[.]ts'],
  ['core/contract[.]ts'],
  ['core/(fault|folder|secret-file)[.]ts'],
  ['core/config[.]ts'],
  ['core/resource/'],
  ['core/data/'],
  ['core/access/', 'core/facts/', 'core/files/', 'core/mail/', 'core/notify/', 'core/secrets/'],
  ['core/tenancy/'],
  ['core/delivery/'],
  ['core/work/'],
  ['core/host/'],
  ['core/http/', 'core/worker/'],
  ['core/kernel[.]ts'],
  ['core/commands/'],
  // Programs: nobody imports them.
  ['core/main[.]ts', 'core/migrate[.]ts', 'core/describe[.]ts'],
]

/** Each vendor has one room. */
const rooms = {
  '(fastify|@fastify/[^/]+|secure-json-parse)': 'core/http/',
  '(bullmq|ioredis)': 'core/(delivery|worker)/',
  awilix: 'core/kernel[.]ts$',
  '@mikro-orm/[^/]+': 'core/(resource/entity[.]ts$|data/)',
  pg: 'core/(data/|migrate[.]ts$)',
  '(ajv|ajv-formats)': 'core/(resource|host)/',
  '(@aws-sdk/[^/]+|file-type)': 'core/files/',
  nodemailer: 'core/mail/',
  '(otplib|@zxcvbn-ts/[^/]+|@simplewebauthn/server|openid-client)': 'core/access/',
  semver: 'core/host/',
  'libphonenumber-js': 'core/resource/',
  'json-schema-to-typescript': 'core/resource/typing[.]ts$',
  '(react|react-dom|react-i18next|i18next|wouter|lucide-react|@rjsf/[^/]+|@tanstack/[^/]+|@cfworker/[^/]+|uqr|@simplewebauthn/browser)':
    'host-ui/',
  lit: '(host-ui/|plugins/[^/]+/ui/)',
  '(vite|@vitejs/[^/]+|@tailwindcss/[^/]+)': 'host-ui/build[.]ts$',
  'oidc-provider': 'tests/support/',
  '(playwright-core|axe-core)': '(core/commands/conformance/|tests/)',
  autocannon: 'tests/bench/',
}

const tests = '([.]test[.]tsx?$|^tests/|^vitest[.]config[.]ts$)'
const ui = '^plugins/[^/]+/ui/'
const any = (names) => `^(${names.join('|')})`

const floorRules = floors.flatMap((floor, at) =>
  floor.map((room, i) => ({
    name: `floor: ${room.replace('[.]', '.')}`,
    comment: 'The core imports downward only.',
    severity: 'error',
    from: { path: `^${room}`, pathNot: tests },
    to: { path: any([...floor.filter((_, j) => j !== i), ...floors.slice(at + 1).flat(), 'core/client/']) },
  })),
)
// The demo tenant is filled with clients by the command that makes it.
floorRules.find(({ from }) => from.path === '^core/commands/').to.path = any(floors.at(-1))

const roomRules = Object.entries(rooms).map(([vendor, room]) => ({
  name: `room: ${vendor}`,
  comment: 'One vendor, one room.',
  severity: 'error',
  from: { pathNot: `(^${room}|${tests})` },
  to: { path: `^node_modules/${vendor}/` },
}))

const refuse = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

module.exports = {
  forbidden: [
    refuse('no-circle', 'A circle has no lowest floor.', {}, { circular: true }),
    refuse('resolvable', 'It must be there.', {}, { couldNotResolve: true }),
    ...floorRules,
    ...roomRules,
    refuse(
      'core-alone',
      'The core knows no feature and no screen.',
      { path: '^core/' },
      { path: '^(plugins|host-ui)/' },
    ),
    refuse(
      'client-at-the-door',
      'Clients stand behind the same door as any plugin.',
      { path: '^core/client/', pathNot: tests },
      { path: '^(core|host-ui|plugins|tests)/', pathNot: '^core/(client/|contract[.]ts$)' },
    ),
    refuse(
      'plugin-at-the-door',
      'A plugin imports weft, weft/client, weft/ui, its own files and the contracts of those that it requires.',
      { path: '^plugins/([^/]+)/', pathNot: tests },
      {
        path: '^(core|host-ui|plugins|schemas|tests)/',
        pathNot:
          '^(plugins/$1/|core/contract[.]ts$|core/client/contract[.]ts$|host-ui/sdk/index[.]ts$|plugins/[^/]+/contract[.]ts$)',
      },
    ),
    refuse(
      'server-without-screen',
      'Server code and screens run in different places.',
      { path: '^plugins/', pathNot: ui },
      { path: '^(host-ui/|plugins/[^/]+/ui/)' },
    ),
    refuse(
      'screen-without-server',
      'A screen imports its own files, its contract and weft/ui.',
      { path: '^plugins/([^/]+)/ui/', pathNot: tests },
      { path: '^plugins/', pathNot: '^plugins/($1/(ui/|schemas/|contract[.]ts$)|[^/]+/contract[.]ts$)' },
    ),
    refuse(
      'screen-of-types',
      'Of the contract a screen takes types only.',
      { path: '^(host-ui/|plugins/[^/]+/ui/)', pathNot: tests },
      { path: '^(core|plugins/[^/]+/contract[.]ts$)', dependencyTypesNot: ['type-only'] },
    ),
    refuse(
      'contract-on-contracts',
      'A contract stands on contracts and schemas only.',
      { path: '^(core|core/client|plugins/[^/]+)/contract[.]ts$' },
      {
        pathNot:
          '^(core/contract(-filter|-ports|-values)?[.]ts|core/client/(contract[.]ts|schemas/)|schemas/|plugins/[^/]+/(contract[.]ts|schemas/))',
      },
    ),
    refuse(
      'host-ui-alone',
      'The host loads screens of plugins by manifest and knows the server by its API.',
      { path: '^host-ui/', pathNot: tests },
      { path: '^(core/(?!contract[.]ts$)|plugins/|tests/)' },
    ),
    refuse('schemas-alone', 'Schemas stand on nothing.', { path: '^schemas/' }, { pathNot: '^schemas/' }),
    refuse('tests-unknown', 'Only tests import tests.', { pathNot: tests }, { path: tests }),
    refuse(
      'no-power-in-plugins',
      'All power arrives as ctx.',
      { path: '^plugins/', pathNot: tests },
      {
        path: '^(fs|net|tls|dgram|dns|https?|http2|child_process|cluster|worker_threads|vm|v8|inspector|module|process|os|repl)(/|$)',
        dependencyTypes: ['core'],
      },
    ),
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^[.](build|data)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'import', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
}
