import { once } from 'node:events'
import { allow, change, defineAnswer, hold, refuse, storing } from 'weft'

/** Looks for a word in the bytes, as a scanner of viruses does. */
export const onStoring = defineAnswer({
  point: storing,
  async answer(ctx, input) {
    if (input.name === 'waiting.txt') await once(process, 'weft-scan')
    if (input.name === 'broken.txt') throw new Error('broken')
    if (input.name === 'changed.txt') return change({ ...input, name: 'other.txt' })
    if (input.name === 'storing.txt') await ctx.files.put('more.txt', new Uint8Array([1]))
    if (!input.name.startsWith('scan-') && input.name !== 'waiting.txt') return allow()
    const { stream } = await ctx.files.open(input.id)
    const parts: Uint8Array[] = []
    for await (const part of stream) parts.push(part)
    const text = Buffer.concat(parts).toString()
    if (text.includes('hold')) return hold('unclear')
    return text.includes('EICAR') ? refuse('infected', [{ path: '/content', code: 'infected' }]) : allow()
  },
})
