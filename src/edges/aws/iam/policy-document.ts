/** As IAM's answers carry documents: percent-encoded by RFC 3986, which leaves letters, digits and `-._~` as they are. */
export function encodedDocument(document: string): string {
  return encodeURIComponent(document).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
