// Purpose:  decode base64 that has one reading only.
// Spec:     RFC 4648 sections 4 and 5; ProtoJSON and DSSE read either alphabet, padded or not.
// Input:    members of envelopes, bundles and annotations; hostile.
// Deviates: line breaks, wrong padding and stray bits are refused, which Go and Node pass over.
// Unknowns: what two decoders could read as different bytes → undefined.

/** Standard: padded. URL: without padding. Canonical: what is written back from the bytes is the text. */
export function decodeBase64(
  text: unknown,
  alphabet: 'base64' | 'base64url' = 'base64',
): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, alphabet)
  return bytes.toString(alphabet) === text ? bytes : undefined
}

/** Either alphabet, padded or not. */
export function decodeEitherBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const isPadded = text.endsWith('=')
  if (isPadded && text.length % 4 !== 0) return undefined
  const bare = isPadded ? text.slice(0, text.indexOf('=', text.length - 2)) : text
  return decodeBase64(bare.replaceAll('+', '-').replaceAll('/', '_'), 'base64url')
}
