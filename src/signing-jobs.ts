// What the program does by itself with signing: what was pushed is signed, and lists of revoked certificates are signed anew.
import { openDecisions } from './access/decisions.ts'
import type { Foundation } from './foundation.ts'
import type { JobHandler } from './jobs/worker.ts'
import { parseDigest } from './oci/digest.ts'
import { LiveHashes } from './registry/live-hashes.ts'
import type { SigningDeps } from './signing/make-signature.ts'
import {
  signListsEveryMs,
  signRevocationLists,
  signRevocationListsJob,
} from './signing/revocation-lists.ts'
import type { ImageKey } from './trust/image-signing-store.ts'
import { signImageJob } from './trust/request-signings.ts'
import { signImage } from './trust/sign-image.ts'

export const signingSchedule = [
  { kind: signRevocationListsJob, everyMs: signListsEveryMs },
] as const

/** Whoever pushed is judged again by the policies of the moment in which it is signed. */
export function signingJobHandlers(
  setting: {
    readonly region: string
    readonly organization: string | undefined
    readonly maxOpenUploads: number
    readonly gcGraceHours: number
  },
  foundation: Foundation,
  signing: SigningDeps,
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
    ...signing,
    blobs,
    hashes: new LiveHashes(),
    maxOpenUploads,
    graceMs: gcGraceHours * 3_600_000,
    authorize,
  }
  return {
    [signImageJob]: (input, options) => signImage(deps, imageIn(input), options),
    [signRevocationListsJob]: () => database.transaction((tx) => signRevocationLists(signing, tx)),
  }
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
