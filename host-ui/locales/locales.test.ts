import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from './en.json' with { type: 'json' }
import fr from './fr.json' with { type: 'json' }

const english: Record<string, string> = en
const french: Record<string, string> = fr
const PLURAL = /_(one|many|other)$/

describe('the texts of the host', () => {
  it('are the same in both languages, French with its third plural', () => {
    const bare = (texts: object) => [...new Set(Object.keys(texts).map((key) => key.replace(PLURAL, '')))].toSorted()
    expect(bare(french)).toEqual(bare(english))
    for (const key of Object.keys(french).filter((name) => name.endsWith('_other'))) {
      expect(french).toHaveProperty([key.replace('_other', '_many')])
    }
  })

  it('hold the same values', () => {
    const holes = (text = '') => [...text.matchAll(/\{\{(\w+)/g)].map(([, name]) => name).toSorted()
    for (const [key, text] of Object.entries(english)) expect([key, holes(french[key])]).toEqual([key, holes(text)])
  })

  it('follow French typography: fixed spaces before two-part signs, curly apostrophes', () => {
    const wrong = Object.entries(french).filter(([, text]) => /[^\u00a0\u202f][:;?!»]|«[^\u00a0]|'/.test(text))
    expect(wrong).toEqual([])
  })

  it('are there for every key that the host names', () => {
    const folders = ['../shell', '../pages'].map((folder) => join(import.meta.dirname, folder))
    const files = folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    )
    const sources = files.filter((name) => /(?<!\.test)\.tsx?$/.test(name)).map((name) => readFileSync(name, 'utf8'))
    const named = sources.flatMap((text) => [...text.matchAll(/\bt\('([\w.]+)'/g)].map(([, key]) => key!))
    const missing = named.filter(
      (key) => !(key in english) && !(`${key}_other` in english) && !/^(form|widget)\./.test(key),
    )
    expect([...new Set(missing)]).toEqual([])
  })
})
