import type { Translate } from '../../sdk/index.ts'
import type { Resource } from '../../shell/composition.tsx'
import type { Field } from '../fields/field.ts'
import { labelOf, type Reading } from '../fields/text.ts'
import { describe } from '../list/filter-kind.ts'
import { type Age, readRule, type Rule } from './rule.ts'

export const nameOfResource = (resource: Resource, t: Translate) => t(`${resource.plugin}:${resource.name}`)

export function sayAge({ path, count, unit }: Age, fields: readonly Field[], reading: Reading): string {
  const field = fields.find((each) => each.path === path)
  const label = field ? labelOf(field, reading) : path
  return reading.t('privacy.age', { time: reading.t(`privacy.age.${unit}`, { count }), field: label })
}

/** What a rule asks of records, one sentence for each condition. */
export function sayConditions({ filter }: Pick<Rule, 'filter'>, fields: readonly Field[], reading: Reading): string[] {
  const { filters, rest } = readRule(filter)
  const paths = [...new Set(filters.map(({ path }) => path))]
  const said = paths.map((path) => {
    const field = fields.find((each) => each.path === path)
    const asked = filters.filter((each) => each.path === path)
    return field ? describe(field, asked, reading) : path
  })
  return rest ? [...said, reading.t('filter.full')] : said
}
