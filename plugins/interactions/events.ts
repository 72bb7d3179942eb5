import { defineHandler } from 'weft'
import { clients, clientsDemonstrated } from 'weft/client'
import { interactions } from './contract.ts'
import { demoInteractions } from './lib/demo.ts'

/** Fills the timelines of a demo tenant, a page of clients at a time; a client that has one is left alone. */
export const fillDemo = defineHandler({
  event: clientsDemonstrated,
  name: 'fill-demo',
  kind: 'exchange',
  async handle(ctx) {
    let after: string | undefined
    do {
      const from = after
      after = await ctx.work(async (inner) => {
        const page = await inner
          .rows(clients)
          .list({ sort: ['createdAt'], limit: 25, ...(from ? { after: from } : {}) })
        for (const client of page.items) {
          if (client.extensions.interactions?.lastInteractionAt) continue
          for (const input of demoInteractions(client, ctx.now)) await inner.rows(interactions).create(input)
        }
        return page.next ?? undefined
      })
    } while (after)
  },
})
