// Purpose:  the bytes of a JSON value that signatures of TUF are made over.
// Spec:     OLPC canonical JSON, as The Update Framework names it (TUF specification 1.0.33, section 4.2).
// Input:    a value that a strict reader made; hostile.
// Deviates: nothing.
// Unknowns: a number that is no safe integer has no canonical form → undefined.

export function canonicalJson(value: unknown): Buffer | undefined {
  const text = textOf(value)
  return text === undefined ? undefined : Buffer.from(text)
}

function textOf(value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : undefined
  if (Array.isArray(value)) return joined('[', value.map(textOf), ']')
  if (typeof value !== 'object') return undefined
  // Names are compared by code points, which UTF-16 orders otherwise: no metadata has such names.
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const texts = members.map(([name, member]) => {
    const text = textOf(member)
    return text === undefined ? undefined : `${quoted(name)}:${text}`
  })
  return joined('{', texts, '}')
}

/** Two characters are escaped and no others: a line break stays one. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

function joined(
  open: string,
  texts: readonly (string | undefined)[],
  close: string,
): string | undefined {
  const known = texts.filter((text) => text !== undefined)
  return known.length < texts.length ? undefined : `${open}${known.join(',')}${close}`
}
