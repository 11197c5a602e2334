import { officialSchema } from './official-schema.ts'

/**
 * The text of src/sbom/generated/spdx-ids.ts. The schema has licences and then exceptions, each part in the order of
 * the alphabet: where the order begins anew, the exceptions begin.
 */
export function spdxIdsModule(): string {
  const listed = officialSchema('spdx')['enum']
  const ids = (Array.isArray(listed) ? listed : []).map(String)
  const first = ids.findIndex((id, at) => /^[a-z]/i.test(ids[at - 1] ?? '') && /^[0-9]/.test(id))
  return `// Written by \`node test/kit/write-spdx-ids.ts\` from the list that CycloneDX's schema knows: an identifier that is newer
// than that list would make a document invalid.

export const spdxLicenceIds: readonly string[] = \`
${lines(ids.slice(0, first))}
\`
  .trim()
  .split(/\\s+/)

export const spdxExceptionIds: readonly string[] = \`
${lines(ids.slice(first))}
\`
  .trim()
  .split(/\\s+/)
`
}

function lines(ids: readonly string[]): string {
  return ids
    .join(' ')
    .replaceAll(/(.{1,110})(?: |$)/g, '$1\n')
    .trim()
}
