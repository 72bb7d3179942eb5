import { definePlugin } from 'weft'
import { onClientCreated, onClosed } from './events.ts'
import { closeAll, countOpen, failHalfway } from './routes.ts'
import { tasks } from './contract.ts'

export default definePlugin({
  resources: [tasks],
  routes: [closeAll, countOpen, failHalfway],
  handlers: [onClientCreated, onClosed],
})
