import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Change, follow, isTouched } from './live.ts'

const ME = 'me'
const changeOf = (more: Partial<Change> = {}): Change => ({
  resource: 'clients',
  rowId: 'a',
  recordId: 'a',
  deleted: false,
  actor: { kind: 'user', id: 'somebody' },
  ...more,
})

describe('isTouched', () => {
  const touched = (change: Partial<Change>) => {
    const keys = [
      ['clients', 'list', { q: 'x' }],
      ['clients', 'count', '{}'],
      ['clients', 'row', 'a'],
      ['clients', 'row', 'b'],
      ['clients', 'history', 'a'],
      ['interactions', 'list', {}],
      ['ui', 'en'],
      ['session'],
    ]
    return keys.filter((key) => isTouched(key, [changeOf(change)], ME)).map((key) => key.slice(0, 3).join(' '))
  }
  it('reaches the lists of the resource, the row and its history, and nothing else', () => {
    expect(touched({})).toEqual([
      'clients list [object Object]',
      'clients count {}',
      'clients row a',
      'clients history a',
    ])
  })
  it('reaches the record to which a row belongs, for its history and what it counts', () => {
    const task = { resource: 'interactions', rowId: 'i' }
    expect(touched(task)).toEqual(['clients row a', 'clients history a', 'interactions list [object Object]'])
  })
  it('leaves the page of what one has deleted oneself alone, and not of what others have', () => {
    const deleted = { deleted: true }
    expect(touched(deleted)).toContain('clients row a')
    expect(touched({ ...deleted, actor: { kind: 'key', id: ME } })).toContain('clients row a')
    const own = touched({ ...deleted, actor: { kind: 'user', id: ME } })
    expect(own).toEqual(['clients list [object Object]', 'clients count {}'])
  })
  it('leaves it alone also where what was written before is told together with that', () => {
    const mine = { actor: { kind: 'user', id: ME } }
    const changes = [changeOf(mine), changeOf({ ...mine, deleted: true })]
    expect(isTouched(['clients', 'row', 'a'], changes, ME)).toBe(false)
    expect(isTouched(['clients', 'row', 'b'], changes, ME)).toBe(false)
  })
  it('asks for no row on a named fact without one', () => {
    expect(touched({ resource: null, rowId: null, recordId: null })).toEqual([])
  })
})

describe('follow', () => {
  class Source extends EventTarget {
    readyState = 1
    close() {
      this.readyState = 2
    }
    tell(type: string, data: unknown = {}) {
      this.dispatchEvent(Object.assign(new Event(type), { data: JSON.stringify(data) }))
    }
    fail(readyState: number) {
      this.readyState = readyState
      this.tell('error')
    }
  }
  const sources: Source[] = []
  const on = {
    change: vi.fn<(changes: readonly Change[]) => void>(),
    recompose: vi.fn<() => void>(),
    fetch: vi.fn<(keys: readonly string[]) => void>(),
    refused: vi.fn<() => void>(),
  }
  let end: () => void
  beforeEach(() => {
    vi.useFakeTimers()
    sources.length = 0
    end = follow({
      ...on,
      open: () => {
        sources.push(new Source())
        return sources.at(-1) as unknown as EventSource
      },
    })
  })
  afterEach(() => {
    end()
    vi.useRealTimers()
    vi.resetAllMocks()
  })

  it('gathers what happens together', () => {
    sources[0]!.tell('open')
    sources[0]!.tell('change', changeOf({ rowId: '1' }))
    vi.advanceTimersByTime(200)
    sources[0]!.tell('change', changeOf({ rowId: '2' }))
    expect(on.change).not.toHaveBeenCalled()
    vi.advanceTimersByTime(200)
    expect(on.change.mock.calls.map(([changes]) => changes.map(({ rowId }) => rowId))).toEqual([['1', '2']])
    sources[0]!.tell('change', changeOf({ rowId: '3' }))
    vi.advanceTimersByTime(400)
    expect(on.change.mock.lastCall?.[0].map(({ rowId }) => rowId)).toEqual(['3'])
    expect(on.recompose).not.toHaveBeenCalled()
  })
  it('composes anew when plugins were switched, and after a break', () => {
    sources[0]!.tell('open')
    sources[0]!.tell('composition')
    expect(on.recompose).toHaveBeenCalledTimes(1)
    sources[0]!.fail(0)
    expect([sources.length, on.refused.mock.calls.length]).toEqual([1, 0])
    sources[0]!.tell('open')
    expect(on.recompose).toHaveBeenCalledTimes(2)
  })
  it('comes back by itself from a refusal, which it reports', () => {
    sources[0]!.fail(2)
    expect(on.refused).toHaveBeenCalledTimes(1)
    expect(sources).toHaveLength(1)
    vi.advanceTimersByTime(10_000)
    sources[1]!.tell('open')
    expect([sources.length, on.recompose.mock.calls.length]).toEqual([2, 1])
  })
  it('fetches what concerns the reader once for all that is told together', () => {
    sources[0]!.tell('open')
    for (const signal of ['task', 'task', 'notified', 'change-of-tune']) sources[0]!.tell(signal)
    expect(on.fetch).not.toHaveBeenCalled()
    vi.advanceTimersByTime(400)
    expect(on.fetch.mock.calls).toEqual([[['tasks', 'notifications']]])
    expect(on.change).not.toHaveBeenCalled()
    vi.advanceTimersByTime(3_600_000)
    expect(on.fetch).toHaveBeenCalledTimes(1)
  })
  it('asks by itself, slowly, for as long as the stream is down', () => {
    sources[0]!.fail(0)
    vi.advanceTimersByTime(31_000)
    expect(on.fetch.mock.calls.map(([keys]) => keys.length)).toEqual([4, 4])
    sources[0]!.tell('open')
    vi.advanceTimersByTime(60_000)
    expect(on.fetch).toHaveBeenCalledTimes(2)
  })
  it('tells and asks nothing once it is ended', () => {
    sources[0]!.tell('change', changeOf())
    sources[0]!.fail(2)
    end()
    vi.advanceTimersByTime(60_000)
    expect(on.change).not.toHaveBeenCalled()
    expect(sources).toHaveLength(1)
  })
})
