import { allow, defineAnswer, hold } from 'weft'
import { clients } from 'weft/client'

/** Holds what another plugin of the tests holds as well. */
export const onClientUpdating = defineAnswer({
  point: clients.points.updating,
  answer: async (_ctx, { patch }) => (patch.notes === 'probe: hold twice' ? hold('first_look') : allow()),
})
