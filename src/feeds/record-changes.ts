/** What a list of changes says of the records that changed after a moment. */
export type RecordChanges =
  | {
      readonly kind: 'changed'
      readonly ids: readonly string[]
      /** The newest change in the list, whether asked for or not, in milliseconds. */
      readonly newest: number
    }
  /** More than asked for. */
  | { readonly kind: 'many'; readonly newest: number }
  /** The whole is to be had instead. */
  | { readonly kind: 'unreadable' }

/** Ids become paths. */
export const recordIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/
