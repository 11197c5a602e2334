// Purpose:  which master keys are in use, from those that a start is given and those that the database knows.
// Spec:     NIST SP 800-57 part 1, 5.3 (a key is used to protect for one period, and to open for a longer one).
// Input:    ids of keys; the source is a person's to change, by hand and in any order.
// Deviates: nothing.
// Unknowns: a given key that the database does not know, after the first → in no use; a rotation that was cut has left it.

export interface KnownKey {
  readonly id: string
  readonly state: 'primary' | 'previous'
}

export type Succession =
  | {
      readonly kind: 'in-use'
      /** The primary first; of these the database does not know all yet. */
      readonly ids: readonly [string, ...string[]]
      /** Whether the primary is another one than before. */
      readonly isNew: boolean
      /** Previous keys that nothing is sealed under, and that were not given any more. */
      readonly forgotten: readonly string[]
    }
  /** The database was sealed under this key, and it was not given. */
  | { readonly kind: 'absent'; readonly id: string }

/** `needed` has the ids that records refer to. */
export function planSuccession(
  given: readonly [string, ...string[]],
  known: readonly KnownKey[],
  needed: ReadonlySet<string>,
): Succession {
  const [first, ...others] = given
  const missing = known.filter(({ id }) => !given.includes(id))
  const absent = missing.find(({ id, state }) => state === 'primary' || needed.has(id))
  if (absent !== undefined) return { kind: 'absent', id: absent.id }
  const isKnown = (id: string): boolean => known.length === 0 || known.some((key) => key.id === id)
  const primary = known.find(({ state }) => state === 'primary')
  return {
    kind: 'in-use',
    ids: [first, ...others.filter(isKnown)],
    isNew: primary?.id !== first,
    forgotten: missing.map(({ id }) => id),
  }
}
