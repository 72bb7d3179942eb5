import { definePlugin } from 'weft'
import { views } from './contract.ts'

export default definePlugin({ resources: [views] })
