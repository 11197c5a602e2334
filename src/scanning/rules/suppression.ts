/** Why a finding is listed apart: never dropped, and not counted. */
export type Suppression =
  /** The distribution speaks of the flaw in the package that owns the library; what it says stands there. */
  | { readonly kind: 'distribution-decides'; readonly by: string }
  /** The distribution tells of flaws that it has not mended too, and does not name this one in the owner. */
  | { readonly kind: 'distribution-silent'; readonly by: string }
