// Purpose:  what the distribution says of a flaw decides for a library that one of its packages brought.
// Spec:     none; distributions mend old versions in place, so a library's own version says little about what they ship.
// Input:    one flaw of the library, the ids that the distribution's records about the owner name, and how much it tells.
// Deviates: nothing.
// Unknowns: a distribution that publishes only what it mended says nothing by its silence, nor does one of a package that
//           it never spoke of, which may be somebody else's: the flaw is then told.

/** How a flaw of a library is told that a package of the operating system brought. */
export type OwnershipVerdict =
  /** The distribution speaks of the flaw: what it says stands with the owner, and the library's own finding steps back. */
  | { readonly kind: 'distribution-decides' }
  /** It tells of flaws that it has not mended too, and not of this one. */
  | { readonly kind: 'distribution-silent' }
  /** Nobody can say whether it was mended. */
  | { readonly kind: 'open' }

export function judgeOwnership(
  flaw: { readonly vulnerability: string; readonly aliases: readonly string[] },
  distribution: { readonly named: ReadonlySet<string>; readonly tellsOfUnmended: boolean },
): OwnershipVerdict {
  if ([flaw.vulnerability, ...flaw.aliases].some((id) => distribution.named.has(id)))
    return { kind: 'distribution-decides' }
  const isSilent = distribution.tellsOfUnmended && distribution.named.size > 0
  return { kind: isSilent ? 'distribution-silent' : 'open' }
}
