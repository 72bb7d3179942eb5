/** What a new plugin begins with: a resource that belongs to clients, and a tab that shows its rows. */

/** `wedding-gifts` -> `Wedding gifts` */
const titleOf = (id: string) => `${id[0]?.toUpperCase()}${id.slice(1).replaceAll('-', ' ')}`
/** `wedding-gifts` -> `weddingGifts` */
const nameOf = (id: string) => id.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

const manifest = (id: string) => `{
  "$schema": "../../schemas/manifest.json",
  "id": "${id}",
  "version": "0.1.0",
  "weft": "^0.1.0",
  "name": { "en": "${titleOf(id)}", "fr": "${titleOf(id)}" },
  "summary": { "en": "Say here what it is for.", "fr": "Dites ici à quoi il sert." },
  "uses": { "clients": ["read"] },
  "widgets": [{ "slot": "record.tab", "of": "clients", "id": "panel", "access": "${id}.read" }]
}
`

const readme = (id: string) => `# ${id}

A resource that belongs to clients, and a tab on the client's page that lists its rows.

- \`schemas/${id}.json\` says what a row is. Table, verbs at \`/api/${id}\`, permissions, history and types follow from it.
- After a change of the schema: \`npm run weft -- plugin migrate ${id}\`, then \`npm run generate\`.
- \`ui/panel.ts\` draws the tab; \`locales/\` holds its words.
`

const schema = `{
  "$schema": "../../../schemas/dialect.json",
  "type": "object",
  "additionalProperties": false,
  "required": ["clientId", "title"],
  "x-title": ["title"],
  "properties": {
    "clientId": { "type": "string", "format": "uuid", "x-ref": "clients", "x-filter": true },
    "title": { "type": "string", "minLength": 1, "maxLength": 200, "x-search": true, "x-sort": true, "x-list": 1 },
    "date": { "type": "string", "format": "date", "x-filter": true, "x-sort": true, "x-list": 2 },
    "notes": { "type": "string", "maxLength": 2000, "x-personal": true }
  }
}
`

const contract = (id: string) => `import { defineResource } from 'weft'
import schema from './schemas/${id}.json' with { type: 'json' }

export const ${nameOf(id)} = defineResource({ name: '${id}', schema, belongsTo: 'clients' })
`

const server = (id: string) => `import { definePlugin } from 'weft'
import { ${nameOf(id)} } from './contract.ts'

export default definePlugin({ resources: [${nameOf(id)}] })
`

const uiIndex = (id: string) => `import { defineWidget } from 'weft/ui'
import { Panel } from './panel.ts'

defineWidget('${id}-panel', Panel)
`

const panel = (id: string) => `import { html, type PropertyDeclarations, type PropertyValues } from 'lit'
import { formatDay, type Page, type Row, WeftElement } from 'weft/ui'

type Entry = Row & { title: string; date: string | null }

/** The client's rows, the latest first. */
export class Panel extends WeftElement {
  static override properties: PropertyDeclarations = {
    ...WeftElement.properties,
    rows: { state: true },
    failed: { state: true },
  }
  declare rows: readonly Entry[] | undefined
  declare failed: boolean

  protected override willUpdate(changed: PropertyValues): void {
    const before = (changed.get('ctx') as this['ctx'] | undefined)?.record?.id
    if (changed.has('ctx') && before !== this.ctx.record?.id) void this.read()
  }

  private async read(): Promise<void> {
    this.failed = false
    try {
      const query = { clientId: this.ctx.record?.id ?? '', sort: '-date' }
      this.rows = (await this.ctx.api.get<Page<Entry>>('/api/${id}', query)).items
    } catch {
      this.failed = true
    }
  }

  protected override render() {
    const { rows, failed, ctx } = this
    if (failed) {
      return html\`<p role="alert">
        \${ctx.t('panel.failed')}
        <button type="button" class="btn" @click=\${() => this.read()}>\${ctx.t('panel.again')}</button>
      </p>\`
    }
    if (!rows) return html\`<p aria-busy="true">\${ctx.t('panel.loading')}</p>\`
    if (rows.length === 0) return html\`<p class="text-muted-foreground">\${ctx.t('panel.empty')}</p>\`
    return html\`<ul class="flex list-none flex-col gap-2">
      \${rows.map(({ title, date }) => html\`<li>\${title}\${date ? \`, \${formatDay(date, ctx.lang)}\` : ''}</li>\`)}
    </ul>\`
  }
}
`

const words = {
  en: {
    fields: ['Client', 'Title', 'Date', 'Notes'],
    verbs: { read: 'Read', create: 'Create', update: 'Change', delete: 'Delete' },
    panel: { loading: 'Loading…', empty: 'Nothing here yet.', failed: 'This could not be loaded.', again: 'Try again' },
  },
  fr: {
    fields: ['Client', 'Titre', 'Date', 'Notes'],
    verbs: { read: 'Voir', create: 'Créer', update: 'Modifier', delete: 'Supprimer' },
    panel: {
      loading: 'Chargement…',
      empty: 'Rien pour l’instant.',
      failed: 'Le chargement a échoué.',
      again: 'Réessayer',
    },
  },
}

function locale(id: string, language: 'en' | 'fr'): string {
  const { fields, verbs, panel: texts } = words[language]
  const title = titleOf(id)
  const labels = ['clientId', 'title', 'date', 'notes'].map((field, i) => [`${id}.${field}`, fields[i]])
  const permissions = Object.entries(verbs).map(([verb, word]) => [
    `permission.${id}.${verb}`,
    `${word}${language === 'fr' ? ' : ' : ': '}${title}`,
  ])
  const panelTexts = Object.entries(texts).map(([key, text]) => [`panel.${key}`, text])
  const all = [[id, title], [`${id}.one`, title], ...labels, ['widget.panel', title], ...permissions, ...panelTexts]
  return json(Object.fromEntries(all))
}

/** Each file of a new plugin with its text. */
export function describeNewPlugin(id: string): ReadonlyMap<string, string> {
  return new Map([
    ['manifest.json', manifest(id)],
    ['README.md', readme(id)],
    [`schemas/${id}.json`, schema],
    ['contract.ts', contract(id)],
    ['server.ts', server(id)],
    ['locales/en.json', locale(id, 'en')],
    ['locales/fr.json', locale(id, 'fr')],
    ['ui/index.ts', uiIndex(id)],
    ['ui/panel.ts', panel(id)],
  ])
}
