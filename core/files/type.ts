/** What a file is. Its content says so; its name is believed only where the content cannot speak. */
import { open } from 'node:fs/promises'

const UNKNOWN = 'application/octet-stream'
const HEAD_BYTES = 4_096

/** What a machine would run. */
const PROGRAMS =
  /^application\/(x-(msdownload|elf|mach-binary|executable|sharedlib|sh|msi|ms-shortcut|nintendo|java|bytecode|apple-diskimage)|wasm|java-vm|java-archive|vnd\.(microsoft\.portable-executable|android))/
/** Texts by their ending, where nothing else tells one text from the other. */
const TEXTS: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  eml: 'message/rfc822',
  ics: 'text/calendar',
  json: 'application/json',
  md: 'text/markdown',
  txt: 'text/plain',
  log: 'text/plain',
  vcf: 'text/vcard',
  xml: 'application/xml',
}
const SCRIPTS = new Set(
  'bat cgi cmd com cpl hta js jse jsp mjs php pl ps1 psm1 py rb reg sh vb vbe vbs wsf wsh xhtml'.split(' '),
)

/** @throws Error where the file cannot be read */
async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The text of a head, which may end in the middle of a letter; null for what is no text. */
function textOf(head: Buffer): string | null {
  if (head.includes(0)) return null
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
  } catch {
    return null
  }
}

function typeOfText(text: string, ending: string, declared: string): string {
  const start = text.trimStart().slice(0, 1_000).toLowerCase()
  if (start.startsWith('#!') || SCRIPTS.has(ending)) return UNKNOWN
  if (/<svg[\s>]/.test(start)) return 'image/svg+xml'
  if (/^<(!doctype html|html|head|body|script|iframe)[\s>]/.test(start) || /^html?$/.test(ending)) return 'text/html'
  if (start.startsWith('<?xml')) return 'application/xml'
  return TEXTS[ending] ?? (Object.values(TEXTS).includes(declared) ? declared : 'text/plain')
}

/** @param declared what the sender says it is, believed of texts alone */
export async function findType(path: string, name: string, declared = ''): Promise<string> {
  const ending = /[.]([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  const { fileTypeFromFile } = await import('file-type')
  // A file that is cut or made to confuse is one of which nothing is known.
  const found = await fileTypeFromFile(path).catch(() => undefined)
  if (found && PROGRAMS.test(found.mime)) return UNKNOWN
  if (found && !found.mime.endsWith('xml')) return found.mime
  const text = textOf(await readHead(path))
  return text === null || text === '' ? UNKNOWN : typeOfText(text, ending, declared)
}

/** Those alone a browser draws in its own window. */
export const isShowable = (type: string): boolean =>
  ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'application/pdf'].includes(type)
