import type { i18n as I18n } from 'i18next'
import type { Translate } from 'weft/ui'

export interface FormResource {
  readonly name: string
  readonly plugin: string
}

/** Labels by the path of a field. Those of an extension stand in the locales of the plugin that extends. */
export interface Texts {
  readonly lang: string
  label(path: Path): string
  help(path: Path): string
  value(path: Path, value: unknown): string
  section(path: Path, name: string): string
  host: Translate
}
export type Path = readonly (string | number)[]

export function createTexts(i18n: I18n, lang: string, resource: FormResource, own?: Translate): Texts {
  const namespaces = new Map<string, Translate>()
  if (own) namespaces.set(resource.plugin, own)
  const of = (namespace: string) => {
    const known = namespaces.get(namespace) ?? (i18n.getFixedT(lang, namespace) as unknown as Translate)
    namespaces.set(namespace, known)
    return known
  }
  const say = (path: Path, suffix = '', otherwise = '') => {
    const { namespace, key } = placeOf(path, resource)
    return of(namespace)(`${key}${suffix}`, { defaultValue: otherwise })
  }
  return {
    lang,
    label: (path) => say(path, '', inWords(String(names(path).at(-1) ?? ''))),
    help: (path) => say(path, '.help'),
    value: (path, value) => say(path, `.${String(value)}`, String(value)),
    section: (path, name) => of(placeOf(path, resource).namespace)(`section.${name}`, { defaultValue: inWords(name) }),
    host: of('host'),
  }
}

/** `['extensions', 'couple', 'lastName']` of clients is `clients.lastName` in the namespace `couple`. */
function placeOf(path: Path, resource: FormResource): { namespace: string; key: string } {
  const own = names(path)
  if (own[0] !== 'extensions' || own.length < 2)
    return { namespace: resource.plugin, key: [resource.name, ...own].join('.') }
  return { namespace: own[1]!, key: [resource.name, ...own.slice(2)].join('.') }
}

/** Items of a list are told apart by numbers, which no locale key holds. */
const names = (path: Path): string[] => path.filter((name): name is string => typeof name === 'string')

/** The last resort for a field whose plugin brings no label: `legalName` reads "Legal name". */
function inWords(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_]/g, ' ')
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
