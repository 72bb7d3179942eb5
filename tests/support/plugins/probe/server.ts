import { definePlugin } from 'weft'
import { onClientUpdated, onCounted, onDozed, onRang } from './events.ts'
import { flowRoutes, watch } from './lib/flows.ts'
import { guestRoutes } from './lib/guests.ts'
import { onAdding, onChannel, onHints } from './points.ts'
import * as rowPoints from './lib/row-points.ts'
import { onPosted, portRoutes } from './lib/ports.ts'
import { routes } from './routes.ts'

export default definePlugin({
  routes: [...routes, ...portRoutes, ...guestRoutes, ...flowRoutes],
  handlers: [onClientUpdated, onCounted, onDozed, onRang, onPosted],
  answers: [onAdding, onHints, onChannel, ...Object.values(rowPoints)],
  feeds: [watch],
})
