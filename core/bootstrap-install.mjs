/** Makes node_modules what package-lock.json says, with a Node 24 in it; any Node from 20 reads this. */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve, sep } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.weft-installed')
/** npm writes it last, so a broken install has none. */
const npmRecord = join(modules, '.package-lock.json')
const lockFile = join(root, '.build', 'install.lock')
const windows = process.platform === 'win32'
const nodeFile = join(modules, 'node', 'bin', windows ? 'node.exe' : 'node')
const current = Number.parseInt(process.versions.node, 10)

/** Why nothing can be run: one sentence for the operator, after what npm itself said. */
export class Stop extends Error {}

/** Installs what is missing; path of a Node from 24 on. Throws Stop. */
export async function ensureInstalled() {
  if (!isInstalled() || chooseNode() === null) await install()
  return chooseNode()
}

// ---------------------------------------------------------------------------------------- what is there

/** True when node_modules is whole and belongs to this package-lock.json and this machine. */
function isInstalled() {
  const { dependencies, devDependencies } = readJson(join(root, 'package.json'))
  const names = Object.keys({ ...dependencies, ...devDependencies })
  if (!names.every((name) => existsSync(join(modules, name, 'package.json')))) return false
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === markOfLock()) return true
  // Somebody ran npm by hand: as good as ours when it put in place what the lock says.
  if (!holdsAll(readJson(join(root, 'package-lock.json')).packages)) return false
  writeStamp()
  return true
}

function markOfLock() {
  const lock = readFileSync(join(root, 'package-lock.json'))
  return createHash('sha256').update(`${process.platform} ${process.arch} `).update(lock).digest('hex')
}

function writeStamp() {
  try {
    writeFileSync(stamp, markOfLock())
  } catch {
    // A read-only clone is compared at each start instead.
  }
}

/** Compares with npm's own record. */
function holdsAll(wanted) {
  if (!existsSync(npmRecord)) return false
  const present = readJson(npmRecord).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || present[path]?.version === entry.version) return true
    // Programs for other machines are never there, and npm leaves out optional ones that do not build.
    const native = entry.libc === undefined && (entry.os ?? entry.cpu) !== undefined
    return entry.optional === true && !(native && fits(entry.os, process.platform) && fits(entry.cpu, process.arch))
  })
}

function fits(list, value) {
  return list === undefined || list.includes(value) || (list[0].startsWith('!') && !list.includes(`!${value}`))
}

/** Path of a Node from 24 on: the one that runs this, else the one in node_modules; null when there is none. */
function chooseNode() {
  if (current >= 24 && existsSync(process.execPath)) return process.execPath
  // On Windows, and where its script was skipped, the package holds a few bytes in place of the program.
  return (statSync(nodeFile, { throwIfNoEntry: false })?.size ?? 0) > 1_000_000 ? nodeFile : null
}

// ---------------------------------------------------------------------------------------- installing

async function install() {
  const letGo = await takeLock()
  try {
    if (!isInstalled()) await installPackages()
    if (current < 24 || !existsSync(process.execPath)) await ensureNode()
  } finally {
    letGo()
  }
}

async function installPackages() {
  console.error('Installing the packages of Weft, which takes a minute or two ...')
  const everything = ['--include=dev', '--include=optional', '--engine-strict=false']
  const result = await npm(root, ['ci', ...everything])
  if (!result.said.includes('EUSAGE')) refuse(result, 'npm ci')
  else {
    // npm ci is strict: it also refuses a lock that lacks programs of other platforms, which not every registry has.
    // npm install takes the same versions from the lock; what a broken install left behind would deceive it.
    if (!existsSync(npmRecord)) rmSync(modules, { recursive: true, force: true })
    refuse(await npm(root, ['install', '--no-save', ...everything]), 'npm install')
  }
  // Not left to the comparison: npm may have good reasons to leave an optional package out.
  writeStamp()
}

function refuse({ code, said }, what) {
  if (code === 0) return
  process.stderr.write(said)
  throw new Stop(`${what} failed in ${root}: Weft needs its packages to start.`)
}

/** The package `node` fetches its program by an install script; where npm skips those we do what the script does. */
async function ensureNode() {
  const { version } = readJson(join(modules, 'node', 'package.json'))
  if (chooseNode() === null) {
    const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
    const name = `${prefix}-${windows ? 'win' : process.platform}-${process.arch}`
    const home = join(modules, 'node')
    const source = join(home, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node')
    if (!existsSync(source)) {
      console.error(`Installing Node ${version} ...`)
      const words = ['install', '--no-save', '--no-package-lock', '--ignore-scripts', `${name}@${version}`]
      refuse(await npm(home, words), `Installing Node ${version}`)
    }
    place(source)
  }
  const answer = spawnSync(nodeFile, ['--version'], { encoding: 'utf8' })
  if (answer.stdout?.trim() === `v${version}`) return
  throw new Stop(
    `Weft needs Node 24, and the one that npm brings does not run on ${process.platform}-${process.arch}: ` +
      'install Node 24 and start again.',
  )
}

function place(source) {
  mkdirSync(dirname(nodeFile), { recursive: true })
  rmSync(nodeFile, { force: true })
  try {
    linkSync(source, nodeFile)
  } catch {
    copyFileSync(source, nodeFile)
  }
  chmodSync(nodeFile, 0o755)
  const link = join(modules, '.bin', 'node')
  if (!windows && !lstatSync(link, { throwIfNoEntry: false })) symlinkSync(join('..', 'node', 'bin', 'node'), link)
}

/** One installer at a time: the file is touched while its owner lives, so what kill -9 leaves behind grows old. */
async function takeLock() {
  let told = false
  for (;;) {
    try {
      mkdirSync(dirname(lockFile), { recursive: true })
      writeFileSync(lockFile, `${process.pid}`, { flag: 'wx' })
      const touch = setInterval(() => utimesSync(lockFile, new Date(), new Date()), 2000)
      return () => {
        clearInterval(touch)
        rmSync(lockFile, { force: true })
      }
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Stop(`Cannot install the packages of Weft in ${root}: ${error.message}`)
    }
    if (isStale()) dropStale()
    else if (!told) console.error('Waiting for another start of Weft that is installing its packages ...')
    told = true
    await pause(200)
  }
}

function isStale() {
  const age = Date.now() - (statSync(lockFile, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
  if (age > 20_000) return true
  try {
    process.kill(Number(readFileSync(lockFile, 'utf8')), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** By a rename, which only one of several waiting processes can do. */
function dropStale() {
  try {
    const old = `${lockFile}.${process.pid}`
    renameSync(lockFile, old)
    rmSync(old, { force: true })
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

/** Runs npm in a folder: its exit code, null when it could not be run, and all that it said. */
async function npm(folder, words) {
  const { file, first } = findNpm()
  const env = { ...process.env, ...homeForNpm(), ...pathWith(dirname(outerNode()), 'last') }
  // It would leave out what builds the screens.
  delete env.NODE_ENV
  const options = { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], shell: windows && first.length === 0 }
  const child = spawn(file, [...first, ...words, '--no-audit', '--no-fund', '--loglevel=error'], options)
  const said = []
  child.stdout.on('data', (bytes) => said.push(bytes))
  child.stderr.on('data', (bytes) => said.push(bytes))
  const { code, error } = await finish(child)
  return { code, said: Buffer.concat(said).toString('utf8') + (error ? `${error.message}\n` : '') }
}

/** The npm that started us, else the one beside this Node, else the first on the PATH. */
function findNpm() {
  const beside = [join('..', 'lib', 'node_modules'), 'node_modules'].map((path) =>
    resolve(dirname(outerNode()), path, 'npm', 'bin', 'npm-cli.js'),
  )
  const scripts = [process.env.npm_execpath ?? '', ...beside, ...onPath('npm').map((path) => realpathSync(path))]
  const script = scripts.find((path) => path.endsWith('npm-cli.js') && existsSync(path))
  return script === undefined ? { file: 'npm', first: [] } : { file: outerNode(), first: [script] }
}

/** `npm ci` deletes node_modules, so it must not itself run on the Node that lies in there. */
function outerNode() {
  const outside = (path) => !realpathSync(path).startsWith(modules + sep)
  const candidates = [process.execPath, ...onPath(windows ? 'node.exe' : 'node')].filter((path) => existsSync(path))
  return candidates.find(outside) ?? process.execPath
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).filter((path) => existsSync(path))
}

/** npm keeps a cache at home; a service account often has no home, or may not write there. */
function homeForNpm() {
  try {
    // The npm that started us has told where its cache is.
    const cache = process.env.npm_config_cache ?? join(homedir(), '.npm')
    accessSync(existsSync(cache) ? cache : dirname(cache), constants.W_OK)
    return {}
  } catch {
    const home = join(tmpdir(), `weft-npm-${process.getuid?.() ?? ''}`)
    mkdirSync(home, { recursive: true, mode: 0o700 })
    return { HOME: process.env.HOME ?? home, npm_config_cache: join(home, 'cache') }
  }
}

/** PATH with this folder first or last. Windows spells it `Path`, and two spellings would be two variables. */
export function pathWith(folder, where) {
  const name = Object.keys(process.env).find((each) => each.toUpperCase() === 'PATH') ?? 'PATH'
  const folders = (process.env[name] ?? '').split(delimiter).filter((each) => each !== '' && each !== folder)
  return { [name]: (where === 'first' ? [folder, ...folders] : [...folders, folder]).join(delimiter) }
}

/** Waits for the end of a child and passes on what asks us to end. */
export function finish(child) {
  const passOn = (signal) => child.kill(signal)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, passOn)
  return new Promise((settle) => {
    const done = (result) => {
      for (const signal of signals) process.off(signal, passOn)
      settle(result)
    }
    child.once('error', (error) => done({ code: null, signal: null, error }))
    child.once('close', (code, signal) => done({ code, signal }))
  })
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
