/** What a plugin's code may reach: its own files, weft, and the contracts of those that it requires. */
import { type Candidate, type Finding, findings, type FolderRule } from './rule.ts'

const TEST = /[.]test[.]ts$/
/** Modules of Node that reach beyond the process, or into it. */
const POWERS =
  /^(node:)?(fs|net|tls|dgram|dns|https?|http2|child_process|cluster|worker_threads|vm|v8|inspector|module|process|os|repl)(\/|$)/
const GLOBALS = ['process', 'fetch', 'WebSocket', 'EventSource', 'require']
const SCREEN_GLOBALS = [...GLOBALS, 'XMLHttpRequest', 'localStorage']

/** Code without what is only said: comments, and the insides of texts. */
const bare = (code: string): string =>
  code.replace(/\/\*[\s\S]*?\*\/|(?<![:'"`\w])\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, (part) =>
    part.startsWith('/') ? '' : "''",
  )

/** Each import with whether it takes types alone. */
function importsOf(code: string): Import[] {
  const plain = code.replace(/\/\*[\s\S]*?\*\//g, '')
  const named = [...plain.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm)]
  const others = [...plain.matchAll(/(?:^\s*import\s*|\bimport\s*\(\s*)['"]([^'"]+)['"]/gm)]
  return [
    ...named.map(([, type, from]) => ({ from: from as string, isType: type !== undefined })),
    ...others.map(([, from]) => ({ from: from as string, isType: false })),
  ]
}

/** Where a relative import leads, from the plugin's folder; it begins with `..` where it leads out. */
function pathOf(file: string, from: string): string {
  const parts = file.split('/').slice(0, -1)
  for (const part of from.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** Beside plugins that are in no clone stand those that they require: `weft/plugins/` leads to those of the clone alone. */
function isNeighbour(path: string, { isShipped, installed }: Candidate): boolean {
  const [, id] = /^[.][.]\/([^/]+)\/(contract[.]ts|schemas\/[^/]+[.]json)$/.exec(path) ?? []
  return !isShipped && id !== undefined && id in installed.manifest.requires
}

interface Import {
  readonly from: string
  readonly isType: boolean
}

const NO_SCREEN = 'is no part of the screen'

function faultOfPath(file: string, { from, isType }: Import, candidate: Candidate): string | null {
  const path = pathOf(file, from)
  const isScreen = file.startsWith('ui/')
  if (path.startsWith('..')) return isNeighbour(path, candidate) ? null : 'leads out of its folder'
  if (!isScreen && path.startsWith('ui/')) return 'is a part of the screen'
  return isScreen && !isType && !path.startsWith('ui/') ? NO_SCREEN : null
}

/** Of a screen nothing but types comes from the server's side. */
function faultOfScreen({ from, isType }: Import): string | null {
  if (isType || from === 'weft/ui' || /^lit(\/directives\/[a-z-]+[.]js)?$/.test(from)) return null
  return from.startsWith('weft') ? NO_SCREEN : 'is not lit or weft/ui'
}

function faultOfServer({ from }: Import): string | null {
  if (from === 'weft/ui') return 'is for its screen alone'
  return POWERS.test(from) ? 'is a power that comes by ctx alone' : null
}

/** Why a file may not import something; null where it may. */
function faultOf(file: string, each: Import, candidate: Candidate): string | null {
  const { from } = each
  if (from.startsWith('.')) return faultOfPath(file, each, candidate)
  const contract = /^weft\/plugins\/(.+)$/.exec(from)?.[1]
  if (contract !== undefined && !(contract in candidate.installed.manifest.requires))
    return 'is of a plugin that its manifest does not require'
  if (from.startsWith('weft/') && contract === undefined && !['weft/client', 'weft/ui'].includes(from))
    return 'is no door of weft'
  return file.startsWith('ui/') ? faultOfScreen(each) : faultOfServer(each)
}

function judgeImports(candidate: Candidate): Finding[] {
  const { files, text } = candidate
  const code = files.filter((file) => file.endsWith('.ts') && !TEST.test(file))
  const found = code.flatMap((file) =>
    importsOf(text(file)).flatMap((each) => {
      const fault = faultOf(file, each, candidate)
      return fault === null ? [] : [`${file} imports '${each.from}', which ${fault}`]
    }),
  )
  return findings(
    [...new Set(found)],
    'it may reach weft, weft/client, its own files and the contracts of what it requires; below ui/ weft/ui, lit and its own files, and types of others',
  )
}

function judgeGlobals({ files, text }: Candidate): Finding[] {
  const code = files.filter((file) => file.endsWith('.ts') && !TEST.test(file))
  const found = code.flatMap((file) => {
    const plain = bare(text(file))
    return (file.startsWith('ui/') ? SCREEN_GLOBALS : GLOBALS)
      .filter((name) => new RegExp(String.raw`(?<![\w$.]|\?[.]|#)${name}\b(?=\s*[.(\[?])`).test(plain))
      .filter((name) => !new RegExp(String.raw`\b(function|const|let|async)\s+${name}\b`).test(plain))
      .map((name) => `${file} uses ${name}`)
  })
  return findings(found, 'all power arrives as ctx: ctx.http, ctx.files, ctx.settings; in a screen ctx.api')
}

const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] as string)

/** What code names in so many words must stand in the manifest. */
function judgeNeeds({ files, text, installed: { manifest } }: Candidate): Finding[] {
  const code = files
    .filter((file) => file.endsWith('.ts') && !TEST.test(file) && !file.startsWith('ui/'))
    .map((file) => text(file).replace(/\/\*[\s\S]*?\*\//g, ''))
  const all = code.join('\n')
  const secrets = matches(all, /\bsecrets\.get\(\s*['"`]([^'"`$]+)['"`]/g)
  const names = matches(all, /\bhttp\.(?:request|connect)\(\s*['"`](?:https|http|tcp|tls):\/\/([a-z0-9.-]+)/g)
  const known = manifest.hosts.map((host) => host.replace(/^\w+:\/\//, '').replace(/:\d+$/, ''))
  const isKnown = (name: string) =>
    known.some((host) => (host.startsWith('*.') ? name.endsWith(host.slice(1)) : host === name))
  const usesClients = code.some(
    (each) => /import\s*\{[^}]*\bclients\b[^}]*\}\s*from\s*'weft\/client'/.test(each) && /\brows\(clients\)/.test(each),
  )
  const declared = 'clients' in manifest.uses || 'clients' in manifest.extends
  return [
    ...findings(
      [...new Set(secrets)]
        .filter((name) => !manifest.secrets.includes(name))
        .map((name) => `it reads the secret '${name}'`),
      'name it in `secrets` of the manifest, and label it secrets.<name>',
    ),
    ...findings(
      [...new Set(names)].filter((name) => !isKnown(name)).map((name) => `it calls ${name}`),
      'name it in `hosts` of the manifest',
    ),
    ...findings(
      usesClients && !declared ? ['it touches rows of clients'] : [],
      'name `clients` with the verbs in `uses` of the manifest',
    ),
  ]
}

export const IMPORT_RULES: readonly FolderRule[] = [
  { rule: 'imports', judge: judgeImports },
  { rule: 'powers', judge: judgeGlobals },
  { rule: 'needs', judge: judgeNeeds },
]
