// Purpose:  read what the metadata of one Python package say of it.
// Spec:     PyPA, core metadata specifications 1.0 to 2.4: Name, Version, License, License-Expression, Classifier, Requires-Dist.
// Input:    text of METADATA or PKG-INFO; hostile.
// Deviates: a line that is neither a header nor a continuation is passed over, since old keywords stand on such lines.
// Unknowns: metadata without a name or a version are refused with what is absent.

export interface CoreMetadata {
  readonly name: string
  readonly version: string
  readonly licenses: readonly string[]
  /** Names of what is always needed; extras are not. */
  readonly dependsOn: readonly string[]
}

/** More than any package has. */
const maxHeaderLines = 20_000
/** Longer ones are the text of a licence, not its name. */
const maxLicenseLength = 100
const unnamed = new Set(['', 'UNKNOWN'])

export function parseCoreMetadata(text: string): CoreMetadata | { readonly reason: string } {
  const headers = readHeaders(text)
  const first = (key: string): string => headers.get(key)?.[0] ?? ''
  const [name, version] = [first('name'), first('version')]
  if (unnamed.has(name)) return { reason: 'has no Name' }
  if (version === '') return { reason: 'has no Version' }
  return {
    name,
    version,
    licenses: licensesOf(headers),
    dependsOn: (headers.get('requires-dist') ?? []).flatMap(nameOfRequirement),
  }
}

type Headers = ReadonlyMap<string, readonly string[]>

/** Up to the first empty line: the description that follows may be of any length. */
function readHeaders(text: string): Headers {
  const headers = new Map<string, string[]>()
  let values: string[] | undefined
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/, maxHeaderLines)) {
    if (line.trim() === '') {
      if (headers.size > 0) break
      continue
    }
    if (line.startsWith(' ') || line.startsWith('\t')) {
      // That a value goes on is all that matters: a licence of several lines is its text.
      values?.push(`${values.pop() ?? ''}\n`)
      continue
    }
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const key = line.slice(0, colon).trim().toLowerCase()
    values = headers.get(key) ?? []
    values.push(line.slice(colon + 1).trim())
    headers.set(key, values)
  }
  return headers
}

/** The expression is exact; else the short name; else what the classifiers say. */
function licensesOf(headers: Headers): readonly string[] {
  for (const key of ['license-expression', 'license']) {
    const named = (headers.get(key) ?? []).filter(isLicenseName)
    if (named.length > 0) return named
  }
  return (headers.get('classifier') ?? []).flatMap((classifier) => {
    const [kind, ...rest] = classifier.split('::').map((part) => part.trim())
    const last = rest.at(-1) ?? ''
    return kind === 'License' && last !== 'OSI Approved' && isLicenseName(last) ? [last] : []
  })
}

function isLicenseName(text: string): boolean {
  return !unnamed.has(text) && text.length <= maxLicenseLength && !text.includes('\n')
}

/** `requests[socks] (>=2); python_version < "3"` → `requests`; what an extra asks for is not asked for. */
function nameOfRequirement(requirement: string): readonly string[] {
  const [, name, marker = ''] =
    /^([A-Za-z0-9][A-Za-z0-9._-]*)[^;]*(?:;(.*))?$/s.exec(requirement) ?? []
  return name === undefined || /\bextra\s*==/.test(marker) ? [] : [name]
}
