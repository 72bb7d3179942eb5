/** Names of files as people may see and save them. */

const MAX_NAME = 200
/** Controls, and what turns or hides letters, as marks of direction. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu

/** The last part of a path, in one normal form; `file` where nothing is left. Its ending survives a cut. */
export function cleanName(given: string): string {
  const last = given.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const name = last
    .replace(HIDDEN, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[\s.]+|[\s.]+$/g, '')
  if (name === '') return 'file'
  const letters = [...name]
  if (letters.length <= MAX_NAME) return name
  const ending = /[.][\p{L}\p{N}]{1,10}$/u.exec(name)?.[0] ?? ''
  return letters.slice(0, MAX_NAME - [...ending].length).join('') + ending
}

/** `content-disposition` with the name for new browsers and one in ASCII for old ones (RFC 6266). */
export function dispositionOf(kind: 'attachment' | 'inline', name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const whole = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${kind}; filename="${plain}"; filename*=UTF-8''${whole}`
}
