import { definePlugin } from 'weft'
import { define, enter, list, look, purge, read } from './routes.ts'

export default definePlugin({ routes: [define, read, purge, look, enter, list] })
