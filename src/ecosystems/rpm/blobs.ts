/** What a reader of a package database gives: header blobs in its order, and what stood in the way. */
export type BlobReading =
  | { readonly kind: 'blob'; readonly bytes: Uint8Array }
  | { readonly kind: 'problem'; readonly reason: string }

export function blobProblem(reason: string): BlobReading {
  return { kind: 'problem', reason }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
