// What signing stands on, and the job that signs what was pushed.
import { openDecisions } from './access/decisions.ts'
import type { Foundation } from './foundation.ts'
import type { JobHandler } from './jobs/worker.ts'
import { parseDigest } from './oci/digest.ts'
import { LiveHashes } from './registry/live-hashes.ts'
import { embeddedKeys } from './signing/embedded-keys.ts'
import type { SigningDeps } from './signing/make-signature.ts'
import type { ImageKey } from './trust/image-signing-store.ts'
import { signImageJob } from './trust/request-signings.ts'
import { signImage } from './trust/sign-image.ts'

export function signingDeps(region: string, foundation: Foundation): SigningDeps {
  const { database, clock, ids } = foundation
  return { database, clock, ids, region, keys: embeddedKeys(foundation) }
}

/** Whoever pushed is judged again by the policies of the moment in which it is signed. */
export function signingJobHandlers(
  setting: {
    readonly region: string
    readonly organization: string | undefined
    readonly maxOpenUploads: number
    readonly gcGraceHours: number
  },
  foundation: Foundation,
): Readonly<Record<string, JobHandler>> {
  const { region, organization, maxOpenUploads, gcGraceHours } = setting
  const { database, clock, blobs } = foundation
  const { authorize } = openDecisions({
    reader: database,
    clock,
    region,
    organization,
    encodeMessage: () => undefined,
  })
  const deps = {
    ...signingDeps(region, foundation),
    blobs,
    hashes: new LiveHashes(),
    maxOpenUploads,
    graceMs: gcGraceHours * 3_600_000,
    authorize,
  }
  return { [signImageJob]: (input, options) => signImage(deps, imageIn(input), options) }
}

/** Written by this program, so another shape is a fault. */
function imageIn(input: unknown): ImageKey {
  if (typeof input === 'object' && input !== null && 'repositoryId' in input && 'digest' in input) {
    const { repositoryId } = input
    const digest = parseDigest(String(input.digest))
    if (typeof repositoryId === 'number' && digest !== undefined) return { repositoryId, digest }
  }
  throw new Error('a job about an image does not name one')
}
