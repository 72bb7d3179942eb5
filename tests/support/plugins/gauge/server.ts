import { definePlugin } from 'weft'
import { gauges, notes, parts } from './contract.ts'
import { onNoteUpdating } from './points.ts'
import { tell, walkInExchange, walkInQuery, walkOn } from './routes.ts'

export default definePlugin({
  resources: [gauges, parts, notes],
  routes: [tell, walkInExchange, walkInQuery, walkOn],
  answers: [onNoteUpdating],
})
