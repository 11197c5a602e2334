/** One record cut from a stream, or what stood in its place. */
export type RecordText =
  | { readonly kind: 'text'; readonly line: number; readonly text: string }
  | { readonly kind: 'unreadable'; readonly line: number; readonly reason: string }
