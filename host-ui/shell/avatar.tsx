/** Initials on a quiet ground whose colour follows from the name, so that it stays the same everywhere. */
export function Avatar({ name, large }: { name: string; large?: boolean }) {
  return (
    <span className={`initials tone-${toneOf(name)}`} data-large={large || undefined} aria-hidden>
      {initialsOf(name)}
    </span>
  )
}

function initialsOf(name: string): string {
  // "Emma Dupont & Hugo Martin" shows E and H; "Emma Dupont" shows E and D.
  const people = name.split(' & ')
  const words = people.length > 1 ? people : name.split(/[\s’'-]+/).filter((word) => /^\p{L}|\p{N}/u.test(word))
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words
  return chosen.map((word) => [...(word ?? '')][0]?.toLocaleUpperCase() ?? '').join('') || '·'
}

function toneOf(name: string): number {
  let sum = 0
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997
  return (sum % 6) + 1
}
