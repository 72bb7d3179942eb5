import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { draftKey, readDraft, writeDraft } from './draft.ts'

describe('drafts', () => {
  beforeEach(() => {
    const items = new Map<string, string>()
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => items.set(key, value),
      removeItem: (key: string) => items.delete(key),
    })
  })
  afterEach(() => vi.unstubAllGlobals())

  it('are kept by resource and record', () => {
    writeDraft(draftKey('clients', 'c1'), { email: 'x@y.fr' })
    expect(readDraft(draftKey('clients', 'c1'), {})?.patch).toEqual({ email: 'x@y.fr' })
    expect(readDraft(draftKey('clients', undefined), {})).toBeUndefined()
  })
  it('are not offered when the record already says the same', () => {
    writeDraft('k', { email: 'x@y.fr' })
    expect(readDraft('k', { email: 'x@y.fr' })).toBeUndefined()
  })
  it('vanish with the last change', () => {
    writeDraft('k', { email: 'x' })
    writeDraft('k', {})
    expect(readDraft('k', {})).toBeUndefined()
  })
  it('that cannot be read are none', () => {
    sessionStorage.setItem('k', '{')
    expect(readDraft('k', {})).toBeUndefined()
  })
})
