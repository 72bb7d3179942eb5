import { definePlugin } from 'weft'
import { drafts, readings } from './contract.ts'
import { onStoring } from './points.ts'
import { append, stage } from './routes.ts'

export default definePlugin({ resources: [readings, drafts], routes: [append, stage], answers: [onStoring] })
