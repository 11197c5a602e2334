import { isMembers, readYaml } from '../ecosystems/documents.ts'

export type YamlRecord =
  | { readonly kind: 'record'; readonly members: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly reason: string }

/** A file of one YAML document that is a mapping; every scalar is text, so that version 1.10 stays 1.10. */
export function readYamlRecord(text: string): YamlRecord {
  const read = readYaml(Buffer.from(text))
  if (read.kind === 'refused') return read
  const documents: readonly unknown[] = Array.isArray(read.value) ? read.value : []
  const [first] = documents
  if (documents.length !== 1 || !isMembers(first))
    return { kind: 'refused', reason: 'is not one YAML mapping' }
  return { kind: 'record', members: first }
}
