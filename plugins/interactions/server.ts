import { definePlugin } from 'weft'
import { interactions } from './contract.ts'
import { fillDemo } from './events.ts'

export default definePlugin({ resources: [interactions], handlers: [fillDemo] })
