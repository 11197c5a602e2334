// Purpose:  is a restored registry what the backup promised, given what a check of it found?
// Spec:     Pratique's design section 5 and the rule: a restore proves itself.
// Input:    every problem of a check with hashes, and the blobs that were damaged where the backup was taken.
// Deviates: nothing.
// Unknowns: bytes that cannot be read, or a database that is damaged, are no proof.
import type { ProblemKind, StorageProblem } from './storage-problems.ts'

/** What a restore itself may have done wrong; all else came with the database, as it was. */
const faultsOfBytes: readonly ProblemKind[] = ['blob-lost', 'blob-length', 'blob-damaged']
const noProof: readonly ProblemKind[] = ['database-damaged', 'blob-unreadable']

/** The problem that shows that the restore failed, if there is one. */
export function findDisproof(
  problems: readonly StorageProblem[],
  damagedBefore: ReadonlySet<string>,
): StorageProblem | undefined {
  return problems.find(({ kind, subject }) => {
    if (noProof.includes(kind)) return true
    return faultsOfBytes.includes(kind) && !damagedBefore.has(subject)
  })
}
