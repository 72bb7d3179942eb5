/** The OpenAPI document as a page that needs no script. */
type Json = Record<string, unknown>
interface Operation {
  readonly summary?: string
  readonly operationId?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly { name: string; in: string; required?: boolean; description?: string; schema?: Json }[]
  readonly requestBody?: { content: Record<string, { schema: Json }> }
  readonly responses: Record<string, { description: string }>
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const text = (value: unknown) => String(value ?? '').replace(/[&<>"']/g, (c) => ESCAPES[c] as string)

function typeOf(schema: Json | undefined): string {
  if (!schema) return ''
  if (schema.$ref) return String(schema.$ref).split('/').at(-1) as string
  const values = (schema.enum as unknown[] | undefined)?.join(' | ')
  return values ?? [schema.type, schema.format].filter(Boolean).join(', ')
}

function drawParameters({ parameters = [] }: Operation): string {
  if (parameters.length === 0) return ''
  const rows = parameters.map(
    (p) =>
      `<tr><td><code>${text(p.name)}</code></td><td>${text(p.in)}${p.required ? ', required' : ''}</td>` +
      `<td>${text(typeOf(p.schema))}</td><td>${text(p.description)}</td></tr>`,
  )
  return `<table><thead><tr><th>Parameter</th><th>Place</th><th>Type</th><th>Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function drawOperation(path: string, method: string, operation: Operation): string {
  const [body] = Object.entries(operation.requestBody?.content ?? {})
  const replies = Object.entries(operation.responses).map(
    ([code, { description }]) => `<li><code>${code}</code> ${text(description)}</li>`,
  )
  return (
    `<details><summary><code>${method.toUpperCase()} ${text(path)}</code> ${text(operation.summary)}</summary>` +
    drawParameters(operation) +
    (body ? `<p>Body: <code>${text(body[0])}</code>, ${text(typeOf(body[1].schema))}</p>` : '') +
    `<ul>${replies.join('')}</ul></details>`
  )
}

function drawSchema(name: string, schema: Json): string {
  const required = new Set((schema.required ?? []) as string[])
  const rows = Object.entries((schema.properties ?? {}) as Record<string, Json>).map(
    ([field, each]) =>
      `<tr><td><code>${text(field)}</code></td><td>${text(typeOf(each))}</td><td>${required.has(field) ? 'required' : ''}` +
      `${each.readOnly ? 'read-only' : ''}</td></tr>`,
  )
  return (
    `<details id="${text(name)}"><summary><code>${text(name)}</code></summary>` +
    `<table><thead><tr><th>Field</th><th>Type</th><th></th></tr></thead><tbody>${rows.join('')}</tbody></table></details>`
  )
}

/** @param document OpenAPI 3.1 */
export function drawDocs(document: Json): string {
  const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags ?? []))]
  const sections = tags.map((tag) => {
    const drawn = operations
      .filter(({ operation }) => operation.tags?.includes(tag))
      .map(({ path, method, operation }) => drawOperation(path, method, operation))
    return `<section><h2>${text(tag)}</h2>${drawn.join('')}</section>`
  })
  const { schemas } = document.components as { schemas: Record<string, Json> }
  const drawn = Object.entries(schemas).map(([name, schema]) => drawSchema(name, schema))
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Weft API</title>` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/api/docs.css"></head>` +
    `<body><main><h1>Weft API</h1><p>The same as data: <a href="/api/openapi.json">OpenAPI 3.1</a>.</p>` +
    `${sections.join('')}<section><h2>Schemas</h2>${drawn.join('')}</section></main></body></html>`
  )
}

export const DOCS_STYLE = `:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem }
summary { cursor: pointer; padding: .3rem 0 }
details { border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: .5rem 0 }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
code { font-size: .9em }
`
