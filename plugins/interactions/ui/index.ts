import { defineWidget } from 'weft/ui'
import { EntryForm } from './entry-form.ts'
import { Timeline } from './timeline.ts'

defineWidget('interactions-entry-form', EntryForm)
defineWidget('interactions-timeline', Timeline)
