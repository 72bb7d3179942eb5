import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildScreen, type ScreenInput, screenIsStale } from './build.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'weft-screen-'))
const read = (path: string) => readFileSync(join(folder, 'out', path), 'utf8')

function pluginOf(id: string, source: string) {
  const dir = join(folder, id)
  mkdirSync(join(dir, 'ui'), { recursive: true })
  writeFileSync(join(dir, 'ui/index.ts'), source)
  return { id, dir }
}
const inputOf = (plugin: ScreenInput['plugins'][number]) => ({ root, out: join(folder, 'out'), plugins: [plugin] })

afterAll(() => rmSync(folder, { recursive: true }))

describe('a built screen', () => {
  const good = pluginOf(
    'good',
    `import { html } from 'lit'
     import { repeat } from 'lit/directives/repeat.js'
     import type { Ctx } from 'weft'
     import { defineWidget, WeftElement } from 'weft/ui'
     export type Power = Ctx
     defineWidget('good-list', class extends WeftElement {
       override render() { return html\`<ul>\${repeat([1, 2], (n) => html\`<li>\${n}</li>\`)}</ul>\` }
     })`,
  )
  beforeAll(() => buildScreen(inputOf(good)))

  it('is fresh until a source changes', async () => {
    expect(await screenIsStale(inputOf(good))).toBe(false)
    writeFileSync(join(good.dir, 'ui/more.ts'), 'export const more = 1')
    expect(await screenIsStale(inputOf(good))).toBe(true)
  })
  it('allows its one inline script by hash and has no other', () => {
    const inline = [...read('index.html').matchAll(/<script(?![^>]*\ssrc=)[^>]*>([^]*?)<\/script>/g)]
    expect(inline).toHaveLength(1)
    const hash = createHash('sha256').update(inline[0]![1]!).digest('base64')
    expect(JSON.parse(read('csp.json'))).toEqual({ scripts: [`sha256-${hash}`] })
  })
  it('maps every shared module to a file that is there', () => {
    const map = /<script type="importmap">([^]*?)<\/script>/.exec(read('index.html'))![1]!
    const addresses = Object.values(JSON.parse(map).imports as Record<string, string>)
    for (const address of addresses) expect(read(address.split('?')[0]!)).not.toBe('')
    expect(addresses).toHaveLength(17)
  })
  it('holds no code that the security policy would stop', () => {
    const scripts = readdirSync(join(folder, 'out'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.js'),
    )
    for (const script of scripts) expect(read(script), script).not.toMatch(/new Function\(|\beval\(/)
  })
  it('gives a plugin the shared copy of Lit and of the sdk', () => {
    const code = read('plugins/good/index.js')
    const imports = [...code.matchAll(/from\s*"([^"]+)"/g)].map((match) => match[1])
    expect(imports.sort()).toEqual(['lit', 'lit/directives/repeat.js', 'weft/ui'])
    expect(code.length).toBeLessThan(600)
  })
})

describe('a plugin that reaches too far', () => {
  it.each([
    ['a library', `import React from 'react'\nconsole.log(React)`, '"react"'],
    ['its server', `import { secret } from '../server.ts'\nconsole.log(secret)`, '"../server.ts"'],
    [
      'raw HTML',
      `import { unsafeHTML } from 'lit/directives/unsafe-html.js'\nconsole.log(unsafeHTML)`,
      'unsafe-html.js"',
    ],
  ])('is refused in one sentence: %s', async (_what, source, named) => {
    const build = buildScreen({ ...inputOf(pluginOf('bad', source)), out: join(folder, 'refused') })
    await expect(build).rejects.toThrow(named)
    await expect(build).rejects.toThrow(/^Building the screen of plugin "bad" failed: [^\n]+$/)
    expect(readdirSync(folder)).not.toContain('refused')
  })
})
