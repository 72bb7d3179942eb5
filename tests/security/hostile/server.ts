import { definePlugin } from 'weft'
import { routes } from './routes.ts'

export default definePlugin({ routes })
