/** What tells one state of a file from another: what the origin says of it, and the hash of its bytes. */
export interface FileState {
  readonly etag?: string
  /** An HTTP date; only one that is too old for the file to have changed twice within it. */
  readonly modified?: string
  readonly sha256?: string
}

export function formatValidator(state: FileState): string {
  return JSON.stringify(state)
}

/** Nothing is known of a file whose validator cannot be read: it is fetched anew. */
export function parseValidator(text: string | undefined): FileState {
  if (text === undefined) return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return {}
  }
  const members = new Map<string, unknown>(Object.entries(value ?? {}))
  const member = (name: string): string | undefined => {
    const found = members.get(name)
    return typeof found === 'string' ? found : undefined
  }
  const [etag, modified, sha256] = [member('etag'), member('modified'), member('sha256')]
  return {
    ...(etag !== undefined && { etag }),
    ...(modified !== undefined && { modified }),
    ...(sha256 !== undefined && { sha256 }),
  }
}
