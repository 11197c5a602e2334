// Purpose:  name the finding of one flaw in one image by 32 hex digits, and find the image again by them.
// Spec:     Amazon Inspector2 API, FindingArn: `finding/[a-f0-9]{32}`.
// Input:    the image and the flaw; or digits as a client sends them.
// Deviates: nothing.
// Unknowns: digits of another form → undefined; digits that nothing made lead to images of which none has such a finding.
import { createHash } from 'node:crypto'
import type { Digest } from '../../oci/digest.ts'

/** Where an image is looked up whose finding has an id. */
export interface FindingWhereabouts {
  readonly repositoryId: number
  /** What follows the algorithm in the image's digest begins with these. */
  readonly digestStart: string
}

const repositoryDigits = 8
const digestDigits = 12
const flawDigits = 12

/**
 * The same for ever for a flaw in an image, closed and open. Made of what the finding is about, so that no table names findings:
 * the repository, the beginning of the digest, and a hash over the whole digest and the flaw.
 */
export function findingId(
  image: { readonly repositoryId: number; readonly digest: Digest },
  vulnerability: string,
): string {
  const { repositoryId, digest } = image
  const repository = repositoryId.toString(16).padStart(repositoryDigits, '0')
  const hash = createHash('sha256').update(`finding/1\n${digest}\n${vulnerability}`).digest('hex')
  const start = digest.slice(digest.indexOf(':') + 1, digest.indexOf(':') + 1 + digestDigits)
  return `${repository.slice(-repositoryDigits)}${start}${hash.slice(0, flawDigits)}`
}

export function placeOfFinding(id: string): FindingWhereabouts | undefined {
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined
  return {
    repositoryId: Number.parseInt(id.slice(0, repositoryDigits), 16),
    digestStart: id.slice(repositoryDigits, repositoryDigits + digestDigits),
  }
}
