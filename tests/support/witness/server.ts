import { definePlugin } from 'weft'
import { hear } from './events.ts'
import { routes } from './routes.ts'

export default definePlugin({ handlers: [hear], routes })
