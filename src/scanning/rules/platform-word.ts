// Purpose:  name a distribution's release as Inspector names platforms: `DEBIAN_12`, `ALPINE_LINUX_3_18`.
// Spec:     Amazon Inspector2 API, Platform: a text of 1 to 1024 characters; names as Inspector's findings show them.
// Input:    the distribution by os-release; text from an image.
// Deviates: a distribution that Inspector does not know is named by its id and release in the same way.
// Unknowns: no release → the name alone.

const names: ReadonlyMap<string, string> = new Map([
  ['alpine', 'ALPINE_LINUX'],
  ['amzn', 'AMAZON_LINUX'],
  ['ol', 'ORACLE_LINUX'],
  ['rhel', 'REDHAT'],
  ['rocky', 'ROCKY_LINUX'],
  ['sles', 'SUSE_SERVER'],
])

export function platformWord(distribution: {
  readonly id: string
  readonly versionId?: string | undefined
}): string {
  const { id, versionId } = distribution
  const release = id === 'alpine' ? /^[0-9]+\.[0-9]+/.exec(versionId ?? '')?.[0] : versionId
  const parts = [names.get(id) ?? id, release].filter((part) => part !== undefined)
  return parts
    .join('_')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()
    .slice(0, 1024)
}
