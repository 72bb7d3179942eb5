/** What a mail may be drawn from: its words and their order, and nothing that acts or fetches. */
const GONE = 'script, style, link, meta, base, iframe, frame, object, embed, form, input, button, template, noscript'

/**
 * The frame that draws it runs no script and the page's security policy holds in it too; what that policy would refuse is
 * taken out before, so that the browser need not complain.
 */
export function readableHtml(html: string): string {
  const page = new DOMParser().parseFromString(quieten(html), 'text/html')
  for (const element of page.querySelectorAll(GONE)) element.remove()
  for (const element of page.querySelectorAll('*')) {
    const acting = Array.from(element.attributes).filter(({ name, value }) => !isHarmless(name, value))
    for (const { name } of acting) element.removeAttribute(name)
  }
  return new XMLSerializer().serializeToString(page)
}

/** Already while it reads, the browser complains of styles and handlers that stand in a text. */
const quieten = (html: string): string =>
  html
    .replace(/<style\b[\s\S]*?(<\/style\s*>|$)/gi, '')
    .replace(/<[^>]*>/g, (tag) => tag.replace(/[\s"'/](style|on\w+)\s*=/gi, ' data-gone='))

function isHarmless(name: string, value: string): boolean {
  if (['href', 'alt', 'title', 'colspan', 'rowspan', 'align', 'width', 'height', 'lang', 'dir'].includes(name))
    return name !== 'href' || /^(https?|mailto|tel):/i.test(value.trim())
  return name === 'src' && /^data:image\/(png|jpeg|gif|webp);/i.test(value)
}
