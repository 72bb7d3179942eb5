import { countryName, languageName } from './formatting.ts'

/** ISO 3166-1 alpha-2. The browser can name a code but cannot list them, hence the list. */
const COUNTRIES =
  'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ ' +
  'CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO ' +
  'FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE ' +
  'JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO ' +
  'MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW ' +
  'PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM ' +
  'TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW'

/** ISO 639-1, the languages one is likely to write to a client in; a stored other one is kept and shown. */
const LANGUAGES =
  'af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ' +
  'ko ky lb lo lt lv mk ml mn mr ms mt my nb ne nl nn pa pl pt ro ru si sk sl sq sr sv sw ta te th tr uk ur uz vi zh zu'

export interface Option {
  readonly value: string
  readonly label: string
}

export const countryOptions = (lang: string): readonly Option[] => options('country', lang)
export const languageOptions = (lang: string): readonly Option[] => options('language', lang)

const lists = new Map<string, readonly Option[]>()
function options(kind: 'country' | 'language', lang: string): readonly Option[] {
  const key = `${kind} ${lang}`
  if (!lists.has(key)) {
    const codes = (kind === 'country' ? COUNTRIES : LANGUAGES).split(' ')
    const name = kind === 'country' ? countryName : languageName
    const order = new Intl.Collator(lang)
    const list = codes.map((value) => ({ value, label: name(value, lang) }))
    lists.set(
      key,
      list.sort((a, b) => order.compare(a.label, b.label)),
    )
  }
  return lists.get(key)!
}
