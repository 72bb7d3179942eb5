import { definePlugin } from 'weft'
import { clients } from './contract.ts'

export default definePlugin({ resources: [clients] })
