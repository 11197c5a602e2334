// Purpose:  decode base64 as strictly as Go does.
// Spec:     RFC 4648, section 4 (padded, no line breaks); ProtoJSON also reads the URL alphabet and no padding.
// Input:    members of bundles and annotations; hostile.
// Deviates: nothing.
// Unknowns: what two decoders could read as different bytes → undefined.

/** The standard alphabet, padded. */
export function decodeBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** Either alphabet, padded or not, as ProtoJSON allows in bundles. */
export function decodeProtoBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined
  const standard = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={0,2}$/, '')
  const bytes = Buffer.from(standard, 'base64')
  return bytes.toString('base64').replace(/={0,2}$/, '') === standard ? bytes : undefined
}
