// Purpose:  read a VEX document of whatever format from its bytes.
// Spec:     OpenVEX 0.2.0 and before; CSAF 2.0 VEX.
// Input:    bytes of at most 10 MiB; hostile.
// Deviates: the content tells the format, not a name or a media type.
// Unknowns: what is none of the formats is refused, and its reason says what was expected.
import { parseStrictJson } from '../oci/strict-json.ts'
import { reading, refuse, type Reading } from './placed.ts'
import { isCsaf, readCsaf } from './read-csaf.ts'
import { isOpenVex, readOpenVex } from './read-open-vex.ts'
import { countClaims, type VexDocument } from './vex-document.ts'

export const maxVexBytes = 10 * 1024 * 1024

export function readVexBytes(bytes: Uint8Array): Reading<VexDocument> {
  if (bytes.byteLength > maxVexBytes)
    return { kind: 'refused', reason: `the document has more than ${maxVexBytes} bytes` }
  const json = parseStrictJson(bytes, [])
  if (json.kind === 'refused') return { kind: 'refused', reason: `the document ${json.reason}` }
  return readVex(json.value)
}

/** Whether it calls itself a VEX document: such a one is told of even where it cannot be read. */
export function isVex(value: unknown): boolean {
  return isOpenVex(value) || isCsaf(value)
}

export function readVex(
  value: unknown,
  options: { readonly hasSubject?: boolean } = {},
): Reading<VexDocument> {
  const result = readByFormat(value, options)
  if (result.kind === 'refused' || countClaims(result.value) !== undefined) return result
  return reading(() => refuse('', 'speaks of more than 100000 pairs of a flaw and a product'))
}

function readByFormat(
  value: unknown,
  options: { readonly hasSubject?: boolean },
): Reading<VexDocument> {
  if (isOpenVex(value)) return readOpenVex(value, options)
  if (isCsaf(value)) return readCsaf(value)
  return reading(() =>
    refuse(
      '',
      'is no VEX document: neither OpenVEX (@context https://openvex.dev/ns…) nor CSAF (document.csaf_version)',
    ),
  )
}
