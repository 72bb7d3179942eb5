import { definePlugin } from 'weft'
import { onClientCreated, onClosed } from './events.ts'
import { onClientUpdating } from './points.ts'
import { addTask, closeAll, countOpen, failHalfway, readHints, send, sendWithin } from './routes.ts'
import { adding, channels, hints, tasks } from './contract.ts'

export default definePlugin({
  resources: [tasks],
  routes: [closeAll, countOpen, failHalfway, addTask, readHints, send, sendWithin],
  answers: [onClientUpdating],
  points: [adding, hints, channels],
  handlers: [onClientCreated, onClosed],
})
