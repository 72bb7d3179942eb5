import { definePlugin } from 'weft'
import { onClientUpdated, onRang } from './events.ts'
import { onAdding, onChannel, onHints } from './points.ts'
import { routes } from './routes.ts'

export default definePlugin({ routes, handlers: [onClientUpdated, onRang], answers: [onAdding, onHints, onChannel] })
