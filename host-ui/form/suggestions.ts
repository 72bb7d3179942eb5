import type { Option } from 'weft/ui'

/** Without accents and case: "epoux" finds "Époux". */
const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase().trim()

/** Those whose label or value holds the text, the ones that begin with it first. */
export function matching(options: readonly Option[], text: string): readonly Option[] {
  const wanted = plain(text)
  if (!wanted) return options
  const found = options.filter(({ label, value }) => plain(label).includes(wanted) || plain(value).includes(wanted))
  const begins = ({ label }: Option) => Number(!plain(label).startsWith(wanted))
  return [...found].sort((a, b) => begins(a) - begins(b))
}

/** Somebody who types the label of a suggestion means its value; anything else is kept as typed. */
export function valueOfText(options: readonly Option[], text: string): string | undefined {
  const named = options.find(({ label, value }) => plain(label) === plain(text) || value === text.trim())
  return named?.value ?? (text.trim() === '' ? undefined : text)
}
