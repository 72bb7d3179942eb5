/** The set of plugins is solved as a whole, and each that is left out is told why in one sentence. */
import { expect, test } from 'vitest'
import { sentenceOf } from './judgement.ts'
import type { Fault, Folder } from './manifest.ts'
import { orderFolders } from './order.ts'
import { faultOf, illMade } from './reason.ts'

type Given = [id: string, version: string, requires?: Record<string, string>, weft?: string]

const folderOf = ([id, version, requires = {}, weft = '^0.1.0']: Given): Folder =>
  ({ dir: `/plugins/${id}`, isKernel: false, manifest: { id, version, requires, weft } }) as unknown as Folder

function solve(given: readonly Given[], faults: Fault[] = []) {
  const order = orderFolders(given.map(folderOf), '0.1.0', faults)
  return { order: order.map(({ manifest }) => manifest.id), told: faults.map(sentenceOf) }
}

test('what is required comes first, and ties go by id', () => {
  const given: Given[] = [
    ['zebra', '1.0.0'],
    ['apple', '1.0.0', { middle: '^1.0.0' }],
    ['middle', '1.2.0', { zebra: '>=1' }],
    ['berry', '1.0.0'],
  ]
  expect(solve(given)).toEqual({ order: ['zebra', 'middle', 'apple', 'berry'], told: [] })
})

test('a range that cannot be met names the version that is here and who else requires it', () => {
  const given: Given[] = [
    ['documents', '2.1.0', { gdpr: '^3.0.0' }],
    ['gdpr', '2.4.0'],
    ['portal', '1.2.0', { gdpr: '^2.0.0' }],
  ]
  expect(solve(given)).toEqual({
    order: ['gdpr', 'portal'],
    told: [
      'documents 2.1.0 is left out: it requires gdpr ^3.0.0, but 2.4.0 is here, which portal 1.2.0 requires as ^2.0.0',
    ],
  })
})

test('who requires what is left out is left out, with the whole chain', () => {
  const given: Given[] = [
    ['a', '1.0.0', { b: '^1.0.0' }],
    ['b', '1.0.0', { c: '^2.0.0' }],
    ['c', '1.0.0'],
    ['d', '1.0.0', { gone: '*' }],
    ['e', '1.0.0', {}, '^9.0.0'],
  ]
  const { order, told } = solve(given)
  expect(order).toEqual(['c'])
  expect(told).toEqual([
    'a 1.0.0 is left out: it requires b, which is left out because it requires c ^2.0.0, but 1.0.0 is here',
    'b 1.0.0 is left out: it requires c ^2.0.0, but 1.0.0 is here',
    'd 1.0.0 is left out: it requires gone *, which is not here',
    'e 1.0.0 is left out: it needs weft ^9.0.0 and this is 0.1.0',
  ])
})

test('a circle is left out as a whole with those that lean on it, and the others load', () => {
  const given: Given[] = [
    ['a', '1.0.0', { b: '*' }],
    ['b', '1.0.0', { c: '*' }],
    ['c', '1.0.0', { a: '*' }],
    ['leaning', '1.0.0', { b: '*' }],
    ['selfish', '1.0.0', { selfish: '*' }],
    ['sound', '1.0.0'],
  ]
  const { order, told } = solve(given)
  expect(order).toEqual(['sound'])
  expect(told[0]).toBe('a 1.0.0 is left out: it requires itself: a -> b -> c -> a')
  expect(told[3]).toBe(
    'leaning 1.0.0 is left out: it requires b, which is left out because it requires itself: a -> b -> c -> a',
  )
  expect(told[4]).toBe('selfish 1.0.0 is left out: it requires itself: selfish -> selfish')
})

test('a plugin whose folder cannot be read is named as left out, not as missing', () => {
  const broken = faultOf('b', illMade('its manifest is not valid', 'see schemas/manifest.json'))
  const { order, told } = solve([['a', '1.0.0', { b: '^1.0.0' }]], [broken])
  expect(order).toEqual([])
  expect(told[1]).toBe(
    'a 1.0.0 is left out: it requires b, which is left out because it breaks a rule for plugins: its manifest is not valid',
  )
})
