// Purpose:  read the Range of a download and the Content-Range of an upload's chunk.
// Spec:     RFC 9110 section 14; OCI distribution-spec "Pushing a blob in chunks" (`<start>-<end>`).
// Input:    header text; hostile.
// Deviates: an inverted range is unsatisfiable and not ignored, as the conformance suite expects;
//           Content-Range is accepted with and without `bytes ` and `/total`, since old docker and curl users send them.
// Unknowns: other units and malformed text → 'none' for downloads (the whole is sent), undefined for uploads (refused).

/** More ranges than any snapshotter asks for in one request; a longer list gets the whole blob. */
const maxRanges = 64

export interface ByteSpan {
  readonly start: number
  /** Inclusive. */
  readonly end: number
}

export type RangeRequest =
  | { readonly kind: 'none' }
  | { readonly kind: 'ranges'; readonly spans: readonly [ByteSpan, ...ByteSpan[]] }
  | { readonly kind: 'unsatisfiable' }

export function parseRange(header: string | undefined, size: number): RangeRequest {
  const list = header === undefined ? null : /^bytes=(.+)$/.exec(header.trim())
  const specs = list?.[1]?.split(',').map((spec) => spec.trim())
  if (specs === undefined || specs.length > maxRanges) return { kind: 'none' }
  const parsed = specs.map((spec) => spanOf(spec, size))
  if (parsed.includes('malformed')) return { kind: 'none' }
  const [first, ...rest] = parsed.filter((span) => typeof span === 'object')
  if (first === undefined) return { kind: 'unsatisfiable' }
  return isSorted([first, ...rest]) ? { kind: 'ranges', spans: [first, ...rest] } : { kind: 'none' }
}

function spanOf(spec: string, size: number): ByteSpan | 'unsatisfiable' | 'malformed' {
  const parts = /^(\d{0,15})-(\d{0,15})$/.exec(spec)
  const [from, to] = [parts?.[1], parts?.[2]]
  if (from === undefined || to === undefined || (from === '' && to === '')) return 'malformed'
  if (from === '') {
    const length = Math.min(Number(to), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(from)
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1)
  return start >= size || end < start ? 'unsatisfiable' : { start, end }
}

/** Overlapping or unsorted ranges only serve to amplify; they get the whole blob once. */
function isSorted(spans: readonly ByteSpan[]): boolean {
  return spans.every((span, index) => index === 0 || span.start > (spans[index - 1]?.end ?? -1))
}

/** The span of a chunk, or undefined when the text is not one. */
export function parseContentRange(header: string): ByteSpan | undefined {
  const parts = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/.exec(header.trim())
  if (parts === null) return undefined
  const [start, end] = [Number(parts[1]), Number(parts[2])]
  return end < start ? undefined : { start, end }
}
