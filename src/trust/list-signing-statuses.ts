// Purpose:  which profiles are to sign an image, and what became of it.
// Spec:     Amazon ECR API, DescribeImageSigningStatus.
// Input:    an image that is there.
// Deviates: nothing. Rows are written in the transaction of the push: no row, no rule was about the image when it was pushed.
// Unknowns: a status is never COMPLETE without a signature that was pushed.
import type { SqlReader } from '../storage/database/database.ts'
import { listImageSignings, type ImageKey } from './image-signing-store.ts'
import type { SigningState } from './rules/managed-signing.ts'

export interface SigningStatus {
  readonly profileArn: string
  readonly state: SigningState
  readonly failure: { readonly code: string; readonly reason: string } | undefined
}

/** One for each profile. */
export async function listSigningStatuses(
  reader: SqlReader,
  image: ImageKey,
): Promise<readonly SigningStatus[]> {
  const signings = await listImageSignings(reader, image)
  return signings.map(({ profileArn, state, failure }) => ({ profileArn, state, failure }))
}
