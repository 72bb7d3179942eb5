import { describe, expect, test } from 'vitest'
import { countryCodes, formats, phoneDigits, toE164 } from './formats.ts'

const accepts = (format: string, values: string[]) => values.filter((value) => !formats[format]!(value))
const refuses = (format: string, values: string[]) => values.filter((value) => formats[format]!(value))

describe('email', () => {
  test('accepts plain, tagged, accented and international addresses', () => {
    const good = [
      'a@b.fr',
      "anne-marie.o'connor+noces@example.co.uk",
      'hélène@château.example',
      'x_y@sub.example.org',
      `${'l'.repeat(64)}@example.com`,
      'info@münchen.de',
      '用户@例子.广告',
      'a@xn--mnchen-3ya.de',
    ]
    expect(accepts('email', good)).toEqual([])
  })
  test('refuses what a slip of the keyboard makes of one', () => {
    const bad = [
      '',
      'a',
      '@b.fr',
      'a@',
      'a@b',
      'a b@c.fr',
      'a@b c.fr',
      'a@@b.fr',
      '.a@b.fr',
      'a.@b.fr',
      'a..b@c.fr',
      'a@b..fr',
      'a@.fr',
      'a@b.fr.',
      'a@-b.fr',
      'a@b-.fr',
      'a@b_c.fr',
      'a@192.168.1.1',
      'a@[192.168.1.1]',
      '"a b"@c.fr',
      'a,b@c.fr',
      'a@b,fr',
      'Anne <a@b.fr>',
      'a@b.fr\n',
      'a\u0000@b.fr',
      'a\u200b@b.fr',
      '\ud800@b.fr',
      `${'l'.repeat(65)}@b.fr`,
      `${'é'.repeat(33)}@b.fr`,
      `a@${'l'.repeat(64)}.fr`,
      `a@${'l.'.repeat(130)}fr`,
    ]
    expect(refuses('email', bad)).toEqual([])
  })
})

describe('phone', () => {
  test('accepts whatever people type, valid or not', () => {
    const good = [
      '06 39 98 12 34',
      '+33 (0)1.99.00.12.34',
      '030-0074321',
      '(5) 555-4729',
      '020 7946 0018 ext. 12',
      '0452-076545',
      '01/99/00/12/34 (maman)',
      '12',
      '٠٦٣٩٩٨١٢٣٤',
    ]
    expect(accepts('phone', good)).toEqual([])
  })
  test('refuses text without two digits, control characters and more than 40 characters', () => {
    expect(refuses('phone', ['', 'none', '1', '06\n39', '06\t39', '06\u0000', '\ud83006', '1'.repeat(41)])).toEqual([])
  })
  test('is read in the country of the client, and without one only in international form', () => {
    expect(toE164('01 99 00 12 34', 'FR')).toBe('+33199001234')
    expect(toE164('+33 (0)1 99 00 12 34')).toBe('+33199001234')
    expect(toE164('0033 1 99 00 12 34')).toBe('+33199001234')
    expect(toE164('01 99 00 12 34')).toBeNull()
    expect(toE164('01 99 00 12 34', 'AQ')).toBeNull()
    expect(toE164('020 7946 0018', 'GB')).toBe('+442079460018')
    expect(toE164('+44 (0)20 7946 0018 ext. 12', 'FR')).toBe('+442079460018')
    expect(toE164('030-0074321', 'DE')).toBe('+49300074321')
  })
  test('of the French overseas departments is read from national form too', () => {
    expect(toE164('0692 12 34 56', 'FR')).toBe('+262692123456')
    expect(toE164('06 90 00 12 34', 'FR')).toBe('+590690001234')
  })
  test('has no international form when its plan does not know it', () => {
    for (const value of ['01 99 00 12', '07700 900123', '(5) 555-4729', '0452-076545', 'call me'])
      expect([value, toE164(value, value.startsWith('(') ? 'MX' : 'GB')]).toEqual([value, null])
  })
  test('is found by a fragment of its national, international or typed form', () => {
    const typed = '+33 (0)6 12 34 56 78'
    const kept = phoneDigits(typed, toE164(typed, 'FR'))
    expect(kept).toBe('0033612345678 0612345678 330612345678')
    for (const query of ['06 12 34', '+33 6 12', '0033 6 12', '12 34 56', '+33 (0)6 12'])
      expect(kept).toContain(query.replace(/\D/g, ''))
    expect(phoneDigits('(5) 555-4729', null)).toBe('55554729')
    expect(phoneDigits('0033 1 99 00 12 34', '+33199001234')).toBe('0033199001234 0199001234')
  })
})

describe('siret', () => {
  test('accepts known establishments, grouped by spaces or not, and the offices of La Poste', () => {
    const good = [
      '73282932000074',
      '732 829 320 00074',
      '732\u202f829\u202f320\u202f00074',
      '55208131766522',
      '38012986646850',
      '21750001600019',
      '35600000000048',
      '35600000049837',
    ]
    expect(accepts('siret', good)).toEqual([])
  })
  test('refuses another length, a changed digit and other separators', () => {
    const bad = [
      '',
      '732829320',
      '7328293200007',
      '732829320000740',
      '73282932000075',
      '732.829.320.00074',
      '732  829 320 00074',
      ' 73282932000074',
      '00000000000000',
      '35600000000049',
      '7328293200007A',
      '٧٣٢٨٢٩٣٢٠٠٠٠٧٤',
    ]
    expect(refuses('siret', bad)).toEqual([])
  })
  test('refuses every change of one digit', () => {
    for (const changed of oneDigitChanges('73282932000074'))
      expect([changed, formats.siret!(changed)]).toEqual([changed, false])
  })
})

describe('country and language', () => {
  test('are the 249 codes of ISO 3166-1 and no other', () => {
    expect(countryCodes.length).toBe(249)
    expect(new Set(countryCodes).size).toBe(249)
    const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
    expect(countryCodes.filter((code) => !names.of(code))).toEqual([])
    expect(accepts('country', ['FR', 'GB', 'BE', 'ZW'])).toEqual([])
    expect(refuses('country', ['XK', 'fr', 'UK', 'EU', 'XX', 'FRA', '', 'F', 'FR '])).toEqual([])
  })
  test('are tags of real languages in canonical case', () => {
    expect(accepts('language', ['fr', 'en', 'fr-CA', 'pt-BR', 'zh-Hant-HK', 'es-419', 'sr-Latn'])).toEqual([])
    expect(
      refuses('language', ['', 'FR', 'fr-fr', 'fr_FR', 'xx', 'french', 'fr-XX', 'fr-', 'fre', 'en-u-ca-gregory']),
    ).toEqual([])
    for (const tag of ['fr-CA', 'zh-Hant-HK', 'es-419']) expect(Intl.getCanonicalLocales(tag)).toEqual([tag])
  })
})

describe('date and time', () => {
  test('accept real days and instants', () => {
    expect(accepts('date', ['2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31', '2026-06-20'])).toEqual([])
    const instants = [
      '2026-06-20T15:30:00Z',
      '2026-06-20T15:30:00.123+02:00',
      '2026-06-20T15:30:00.123456789-12:00',
      '9999-12-31T23:59:59Z',
    ]
    expect(accepts('date-time', instants)).toEqual([])
    expect(accepts('time', ['00:00', '15:30', '23:59:59', '15:30:00.5'])).toEqual([])
  })
  test('refuse days that no calendar has and years that the database would not give back', () => {
    const days = [
      '2024-02-30',
      '2023-02-29',
      '1900-02-29',
      '2024-00-10',
      '2024-13-01',
      '2024-04-31',
      '2024-01-00',
      '0000-01-01',
      '10000-01-01',
      '2024-1-1',
      '20240101',
      '2024-01-01T00:00:00Z',
      ' 2024-01-01',
      '2024-01-01\n',
      '',
    ]
    expect(refuses('date', days)).toEqual([])
    const instants = [
      '2026-06-20T15:30:00',
      '2026-06-20 15:30:00Z',
      '2026-06-20T15:30Z',
      '2026-02-30T00:00:00Z',
      '2026-06-20T24:00:00Z',
      '2026-06-20T15:60:00Z',
      '2026-06-20T15:30:60Z',
      '99999-01-01T00:00:00Z',
      '+099999-01-01T00:00:00Z',
      '2026-06-20T15:30:00+24:00',
      '2026-06-20T15:30:00+0200',
      '2026-06-20t15:30:00z',
      '0000-06-20T15:30:00Z',
      '0001-01-01T00:00:00+01:00',
      '9999-12-31T23:59:59-01:00',
      '2026-06-20',
      'now',
      '',
    ]
    expect(refuses('date-time', instants)).toEqual([])
    expect(refuses('time', ['24:00', '15:60', '15', '15:3', '15:30Z', '15:30:61', ''])).toEqual([])
  })
})

describe('uuid and uri', () => {
  test('accept the usual forms', () => {
    expect(accepts('uuid', ['01890a5d-ac96-774b-bcce-b302099a8057', '00000000-0000-0000-0000-000000000000'])).toEqual(
      [],
    )
    const uris = [
      'https://example.com',
      'http://example.com:8080/a?b=c#d',
      'https://fr.wikipedia.org/wiki/Château',
      'mailto:a@example.com',
      'tel:+33199001234',
    ]
    expect(accepts('uri', uris)).toEqual([])
  })
  test('refuse the rest, scripts above all', () => {
    expect(
      refuses('uuid', ['', 'x', '01890a5dac96774bbcceb302099a8057', '{01890a5d-ac96-774b-bcce-b302099a8057}']),
    ).toEqual([])
    const uris = [
      '',
      'example.com',
      '/a',
      '//example.com',
      'https://',
      'https:///a',
      'https:example.com',
      'javascript:alert(1)',
      'JavaScript:alert(1)',
      'data:text/html,x',
      'https://a b.fr',
      'https://a.fr/<b>',
      'https://a.fr/\n',
      ' https://a.fr',
    ]
    expect(refuses('uri', uris)).toEqual([])
  })
})

function* oneDigitChanges(value: string): Generator<string> {
  for (let i = 0; i < value.length; i++)
    for (const other of '0123456789')
      if (/\d/.test(value[i]!) && other !== value[i]) yield value.slice(0, i) + other + value.slice(i + 1)
}
