// Purpose:  take a system package's version apart into epoch, version and release, as Inspector tells them.
// Spec:     Debian Policy 5.6.12; rpm, "Dependencies" (EVR); apk-tools, version(5); Amazon Inspector2 API, VulnerablePackage.
// Input:    purl type and version text of a package as found; text from an image.
// Deviates: nothing.
// Unknowns: a part that is not there is absent; a version of another kind of package is not taken apart.

export interface SplitVersion {
  readonly version: string
  readonly epoch?: number
  readonly release?: string
}

export function splitVersion(type: string, text: string): SplitVersion {
  if (type !== 'deb' && type !== 'rpm' && type !== 'apk' && type !== 'alpm')
    return { version: text }
  const [, epochText, rest = text] = /^([0-9]{1,9}):(.+)$/s.exec(text) ?? []
  const epoch = epochText === undefined ? {} : { epoch: Number(epochText) }
  const dash = rest.lastIndexOf('-')
  // A version cannot be empty: what has no part before or behind its dash is told as it is.
  if (dash < 1 || dash === rest.length - 1) return { version: rest, ...epoch }
  return { version: rest.slice(0, dash), release: rest.slice(dash + 1), ...epoch }
}
