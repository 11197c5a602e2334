// Purpose:  parse tags.
// Spec:     OCI distribution-spec, "Pulling manifests" <reference> as a tag.
// Input:    text from a URL or an API member; may be hostile.
// Deviates: nothing.
// Unknowns: anything outside the grammar → undefined.
declare const brand: unique symbol
export type Tag = string & { readonly [brand]: 'Tag' }

const grammar = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/

export function parseTag(text: string): Tag | undefined {
  return grammar.test(text) ? (text as Tag) : undefined
}
