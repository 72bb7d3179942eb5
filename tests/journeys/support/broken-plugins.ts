/**
 * Plugins whose screens fail, each in its own way. They are written here and not kept as folders, because each is one
 * line of code: a module that throws takes all widgets of its plugin along, so every way needs a plugin of its own.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const element = (id: string, body: string) => `
  import { defineWidget, WeftElement } from 'weft/ui'
  class Box extends WeftElement { ${body} }
  defineWidget('${id}-box', Box)
`

/** The source of each plugin's `ui/index.ts`, by its id. */
const SOURCES: Readonly<Record<string, string>> = {
  'throws-at-import': `throw new Error('thrown at import')`,
  'throws-at-define': element(
    'throws-at-define',
    `static get observedAttributes() { throw new Error('thrown at define') }`,
  ),
  'throws-when-made': element('throws-when-made', `constructor() { super(); throw new Error('thrown when made') }`),
  'throws-at-connect': element('throws-at-connect', `connectedCallback() { throw new Error('thrown at connect') }`),
  'throws-at-render': element('throws-at-render', `render() { throw new Error('thrown at render') }`),
  'never-defines': `export const nothing = 0`,
  'never-loads': `await new Promise(() => {})`,
  'never-renders': element('never-renders', `get updateComplete() { return new Promise(() => {}) }`),
}

/** Stands last in the same slot, and works. */
const WORKING = 'works-well'
const working = `
  import { html } from 'lit'
  ${element(WORKING, 'render() { return html`<button type="button" @click=${() => this.ctx.notify(\'I work\')}>Press me</button>` }')}
`

export const brokenIds = Object.keys(SOURCES)

/** Works, and nobody who does not see it knows what it asks for. */
export const UNLABELLED = 'lacks-label'
const unlabelled = `
  import { html } from 'lit'
  ${element(UNLABELLED, 'render() { return html`<details><summary>More</summary><input type="text" class="input"></details>` }')}
`

/** @returns its folder */
function write(folder: string, id: string, { source, widget }: { source: string; widget: object }): string {
  const dir = join(folder, id)
  const text = { en: id, fr: id }
  mkdirSync(join(dir, 'ui'), { recursive: true })
  mkdirSync(join(dir, 'locales'))
  const manifest = { id, version: '1.0.0', weft: '*', name: text, summary: text, widgets: [{ ...widget, id: 'box' }] }
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest))
  for (const language of ['en', 'fr'])
    writeFileSync(join(dir, 'locales', `${language}.json`), `{"widget.box":"Box of ${id}"}`)
  writeFileSync(join(dir, 'ui/index.ts'), source)
  return dir
}

/** @returns the folder of each plugin below `folder`, and of the one without a label */
export function writeBrokenPlugins(folder: string): { broken: string[]; unlabelled: string } {
  const sources = Object.entries({ ...SOURCES, [WORKING]: working })
  rmSync(folder, { recursive: true, force: true })
  const broken = sources.map(([id, source], order) =>
    write(folder, id, { source, widget: { slot: 'record.section', of: 'clients', order: 900 + order } }),
  )
  return { broken, unlabelled: write(folder, UNLABELLED, { source: unlabelled, widget: { slot: 'page' } }) }
}
