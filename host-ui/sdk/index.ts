/** `weft/ui`: all that the screen of a plugin may import beside Lit. One copy is shared by host and plugins. */
export { type Api, ApiProblem, createApi, type Fetch, type ProblemEntry, type Query } from './api.ts'
export type { Page, Row, Schema } from './row.ts'
export { defineWidget, type Notice, type Translate, type WidgetContext } from './widget.ts'
export { WeftElement } from './element.ts'
export { countryName, formatDate, formatDateTime, formatDay, formatMonth, languageName } from './formatting.ts'
export { countryOptions, languageOptions, type Option } from './regions.ts'
export { fromLocalInput, toLocalInput } from './local-time.ts'
export { activeFields, isActive } from './condition.ts'
