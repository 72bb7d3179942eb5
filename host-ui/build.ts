/** Builds everything that the browser gets: the shell, the modules that host and plugins share, the plugins' screens. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { build, type InlineConfig, type Plugin } from 'vite'

export interface ScreenInput {
  /** The folder of the repository. */
  readonly root: string
  /** Where the built screen goes; what stood there is replaced at once, at the end. */
  readonly out: string
  readonly plugins: readonly { readonly id: string; readonly dir: string }[]
}

const DIRECTIVES =
  'cache choose class-map guard if-defined join keyed live map range ref repeat style-map until when'.split(' ')
const SHARED = ['lit', ...DIRECTIVES.map((name) => `lit/directives/${name}.js`)]
const STAMP = 'stamp'

/** @throws an Error of one sentence that names the file and the reason */
export async function buildScreen({ root: folder, out, plugins }: ScreenInput): Promise<void> {
  // Vite names modules by their real paths.
  const root = await realpath(folder)
  const next = `${out}.${process.pid}.next`
  const stamp = await stampOf({ root: folder, out, plugins })
  try {
    await rm(next, { recursive: true, force: true })
    await mkdir(next, { recursive: true })
    const screens = plugins.filter(({ dir }) => existsSync(join(dir, 'ui/index.ts')))
    // The small ones first: what an author of a plugin did wrong is told at once.
    await all([buildShared(root, next), ...screens.map((screen) => buildPlugin(root, next, screen))])
    await buildShell(root, next)
    await finishPage(root, next)
    await writeFile(join(next, STAMP), stamp)
    await rm(out, { recursive: true, force: true })
    await rename(next, out)
  } finally {
    await rm(next, { recursive: true, force: true })
  }
}

/** What the screen of one plugin weighs as it is sent: bytes, packed by gzip. */
export async function weighPlugin(folder: string, plugin: ScreenInput['plugins'][number]): Promise<number> {
  const out = await mkdtemp(join(tmpdir(), 'weft-screen-'))
  try {
    await buildPlugin(await realpath(folder), out, plugin)
    const files = await filesBelow(out)
    const packed = await Promise.all(files.map(async (file) => gzipSync(await readFile(file)).length))
    return packed.reduce((sum, each) => sum + each, 0)
  } finally {
    await rm(out, { recursive: true, force: true })
  }
}

/** Waits for the others even when one fails, or they would write into the folder that is being taken away. */
async function all(builds: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(builds)
  const failure = results.find((result) => result.status === 'rejected')
  if (failure) throw failure.reason
}

export async function screenIsStale(input: ScreenInput): Promise<boolean> {
  const built = await readFile(join(input.out, STAMP), 'utf8').catch(() => undefined)
  return built !== (await stampOf(input))
}

/** Sources, the list of plugins, and the versions of everything that is bundled. */
async function stampOf({ root, plugins }: ScreenInput): Promise<string> {
  const hash = createHash('sha256')
  const folders = [join(root, 'host-ui'), ...plugins.map(({ dir }) => join(dir, 'ui'))]
  const lists = await Promise.all(folders.map(filesBelow))
  for (const file of [...lists.flat(), join(root, 'package-lock.json')]) {
    hash.update(`${relative(root, file)}\0`).update(await readFile(file).catch(() => ''))
  }
  return hash.update(plugins.map(({ id }) => id).join()).digest('hex')
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
  return files.map((file) => join(file.parentPath, file.name)).sort()
}

function buildShell(root: string, out: string): Promise<void> {
  const folder = join(root, 'host-ui')
  return run('the shell', {
    root: folder,
    plugins: [sdkIsShared(root), withoutAjv, react(), tailwindcss()],
    build: { outDir: out, rolldownOptions: { input: join(folder, 'index.html') } },
  })
}

/** One copy of Lit and of the sdk for host and plugins: two copies of Lit would not know each other's templates. */
function buildShared(root: string, out: string): Promise<void> {
  const sources = SHARED.map((module) => `export * from '${module}'`).join('\n')
  const shared: Plugin = {
    name: 'weft:lit',
    enforce: 'pre',
    resolveId: (id, importer) => {
      if (id === 'lit') return importer?.startsWith(join(root, 'host-ui')) ? { id, external: true } : undefined
      return id === 'weft:lit' ? '\0weft:lit' : undefined
    },
    load: (id) => (id === '\0weft:lit' ? sources : undefined),
  }
  return run('the shared modules', {
    root,
    publicDir: false,
    plugins: [shared],
    build: library(join(out, 'vendor'), { lit: 'weft:lit', 'weft-ui': join(root, 'host-ui/sdk/index.ts') }),
  })
}

function buildPlugin(root: string, out: string, { id, dir }: ScreenInput['plugins'][number]): Promise<void> {
  return run(`the screen of plugin "${id}"`, {
    root,
    publicDir: false,
    plugins: [onlyOwnImports(root, dir)],
    build: library(join(out, 'plugins', id), { index: join(dir, 'ui/index.ts') }),
  })
}

/** `build.lib` would keep the whitespace; plain entries whose exports stay are minified whole. */
const library = (outDir: string, input: Record<string, string>): InlineConfig['build'] => ({
  outDir,
  copyPublicDir: false,
  modulePreload: false,
  rolldownOptions: {
    input,
    preserveEntrySignatures: 'strict',
    output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
  },
})

async function run(what: string, config: InlineConfig): Promise<void> {
  try {
    await build({
      configFile: false,
      logLevel: 'silent',
      mode: 'production',
      define: { 'process.env.NODE_ENV': '"production"' },
      // Whatever NODE_ENV says around us: React's production build has no other way to make elements.
      oxc: { jsx: { development: false } },
      ...config,
      build: { target: 'es2023', emptyOutDir: false, reportCompressedSize: false, ...config.build },
    })
  } catch (cause) {
    throw new Error(`Building ${what} failed: ${sentence(cause)}`, { cause })
  }
}

/** Bundlers answer with a frame of code and a stack in colours; the first line that says something is the reason. */
function sentence(cause: unknown): string {
  const error = (cause as { errors?: unknown[] })?.errors?.[0] ?? cause
  const text = stripVTControlCharacters(error instanceof Error ? error.message : String(error))
  const lines = text.split('\n').map((line) => line.trim())
  return lines
    .filter((line) => line && !line.startsWith('Build failed with'))
    .slice(0, 2)
    .join(' ')
}

/** The host's own sources name the sdk by path or by `weft/ui`; both mean the shared module. */
function sdkIsShared(root: string): Plugin {
  const sdk = join(root, 'host-ui/sdk') + sep
  return {
    name: 'weft:shared',
    enforce: 'pre',
    async resolveId(source, importer) {
      if (source === 'weft/ui') return { id: 'weft/ui', external: true }
      if (!source.startsWith('.') || !importer || importer.startsWith(sdk)) return undefined
      const path = join(importer, '..', source)
      if (path === `${sdk}index.ts`) return { id: 'weft/ui', external: true }
      if (path.startsWith(sdk)) this.error(`${relative(root, importer)} reaches past host-ui/sdk/index.ts.`)
    },
  }
}

/** The door of @rjsf/core also opens on its test registry, which asks for a validator that needs `eval`. */
const withoutAjv: Plugin = {
  name: 'weft:without-ajv',
  enforce: 'pre',
  resolveId: (id) => (id === '@rjsf/validator-ajv8' ? '\0weft:none' : undefined),
  load: (id) => (id === '\0weft:none' ? 'export default undefined' : undefined),
}

function onlyOwnImports(root: string, dir: string): Plugin {
  const own = join(dir, 'ui') + sep
  return {
    name: 'weft:plugin-imports',
    enforce: 'pre',
    resolveId(source, importer) {
      if (!importer || source.startsWith('\0')) return undefined
      if (SHARED.includes(source) || source === 'weft/ui') return { id: source, external: true }
      if (source.startsWith('.') && join(importer, '..', source).startsWith(own)) return undefined
      this.error(
        `${relative(root, importer)} imports "${source}", but a plugin's screen may import only weft/ui, lit, its usual ` +
          `directives (${DIRECTIVES.join(', ')}) and its own files below ui/; types of others by "import type".`,
      )
    },
  }
}

/** Adds the import map, and says its hash to the server, which allows this one inline script by it. */
async function finishPage(root: string, out: string): Promise<void> {
  const file = join(out, 'index.html')
  const [lit, sdk] = await Promise.all(['vendor/lit.js', 'vendor/weft-ui.js'].map((path) => addressOf(out, path)))
  const imports = { ...Object.fromEntries(SHARED.map((module) => [module, lit])), 'weft/ui': sdk }
  const map = JSON.stringify({ imports })
  const preload = [lit, sdk].map((href) => `<link rel="modulepreload" href="${href}">`).join('')
  const page = await withVersions(root, out, await readFile(file, 'utf8'))
  await writeFile(file, page.replace(/<(script|link)\b/, `<script type="importmap">${map}</script>${preload}\n    <$1`))
  const hash = createHash('sha256').update(map).digest('base64')
  await writeFile(join(out, 'csp.json'), `${JSON.stringify({ scripts: [`sha256-${hash}`] })}\n`)
}

/** Files of `public/` keep their names, yet `/assets` is cached for ever: their address carries their content. */
async function withVersions(root: string, out: string, page: string): Promise<string> {
  const folder = join(root, 'host-ui/public')
  const names = (await filesBelow(folder)).map((file) => relative(folder, file).split(sep).join('/'))
  const pairs = await Promise.all(names.map(async (name) => [`"/${name}"`, `"${await addressOf(out, name)}"`] as const))
  return pairs.reduce((text, [plain, versioned]) => text.replaceAll(plain, versioned), page)
}

async function addressOf(out: string, path: string): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(out, path)))
  return `/${path}?v=${hash.digest('hex').slice(0, 10)}`
}
