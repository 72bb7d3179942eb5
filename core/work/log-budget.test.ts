import { expect, test } from 'vitest'
import type { Log } from '../contract.ts'
import { LogBudget } from './log-budget.ts'

test('a flood of one plugin is cut, told by its number, and hides nothing of another one', () => {
  let now = 0
  const lines: string[] = []
  const write = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void lines.push(`${level} ${message}${fields ? ` ${JSON.stringify(fields)}` : ''}`)
  const log: Log = { info: write('info'), warn: write('warn'), error: write('error') }
  const budget = new LogBudget(() => now)
  const loud = budget.bound('loud', log)
  const quiet = budget.bound('quiet', log)
  for (let i = 0; i < 1_000; i++) loud.info('again', { i })
  quiet.error('heard')
  expect(lines).toHaveLength(201)
  expect(lines.at(-1)).toBe('error heard')
  now = 10_000
  loud.error('at last')
  expect(lines.slice(-2)).toEqual(['warn lines of this plugin were dropped {"dropped":800}', 'error at last'])
  loud.info('and on')
  expect(lines.at(-1)).toBe('info and on')
})
