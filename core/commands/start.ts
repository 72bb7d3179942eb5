/** Running processes: everything in one, or web and worker apart, each under a supervisor. */
import { supervise } from './supervisor.ts'

export const start = {
  usage: 'start',
  summary:
    'Starts PostgreSQL where none is given, migrates, makes the demo tenant, serves the web and runs the worker.',
  run: () => supervise('start'),
}
export const web = {
  usage: 'web',
  summary: 'Serves the web only; run `migrate` first.',
  run: () => supervise('web'),
}
export const worker = {
  usage: 'worker',
  summary: 'Runs handlers and scheduled work only; run `migrate` first.',
  run: () => supervise('worker'),
}
