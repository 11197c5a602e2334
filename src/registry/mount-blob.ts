import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import type { Database } from '../storage/database/database.ts'
import { findLinkedBlob, linkBlob } from './linked-blob-store.ts'
import { changeWithinQuota } from './quotas.ts'
import { findRepository, getRepository, type RepositoryAddress } from './repository-store.ts'

/**
 * Makes a blob of one repository visible in another; false when the source does not have it.
 * The caller's right to read the source is the edge's question, asked before.
 */
export async function mountBlob(
  deps: { readonly database: Database; readonly clock: Clock },
  input: {
    readonly repository: RepositoryAddress
    readonly from: RepositoryAddress
    readonly digest: Digest
  },
): Promise<boolean> {
  return deps.database.transaction(async (tx) => {
    const target = await getRepository(tx, input.repository)
    const source = await findRepository(tx, input.from)
    if (source === undefined) return false
    const blob = await findLinkedBlob(tx, source.id, input.digest)
    if (blob === undefined) return false
    const now = deps.clock.now()
    await changeWithinQuota(tx, target.id, () => linkBlob(tx, target.id, blob.id, now))
    return true
  })
}
