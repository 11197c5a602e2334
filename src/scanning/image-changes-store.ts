import type { SqlWriter } from '../storage/database/database.ts'
import { hasChanges, type ImageFindingChanges, type ToldFinding } from './rules/finding-changes.ts'
import type { ScanKey } from './scan-store.ts'

/** Of each kind so many are told one by one; how many there are is told in any case. */
const maxTold = 500

/** Why findings of an image changed that no new data changed; those that data changed are told by package. */
export type ImageChangeCause =
  /** The layers were read by a newer version of the scanner. */
  | { readonly cause: 'engine'; readonly engine: string }
  /** The image was scanned anew. */
  | { readonly cause: 'scan' }
  /** It is scanned continuously again. */
  | { readonly cause: 'eligibility' }
  /** Rules that held findings back are over. */
  | { readonly cause: 'rules-ended'; readonly rules: readonly number[] }

/** Tells what opened, closed or changed in an image; nothing where nothing did. */
export async function recordImageFindingsChanged(
  tx: SqlWriter,
  { repositoryId, digest }: ScanKey,
  told: {
    readonly why: ImageChangeCause
    /** Of the data, as of which the newer findings are. */
    readonly revision: number | undefined
    readonly changes: ImageFindingChanges
  },
  now: Date,
): Promise<void> {
  const { why, revision, changes } = told
  if (!hasChanges(changes)) return
  const { opened, closed, changed } = changes
  const counts = { opened: opened.length, closed: closed.length, changed: changed.length }
  const detail = {
    digest,
    ...why,
    revision,
    counts,
    opened: cut(opened),
    closed: cut(closed),
    changed: cut(changed),
  }
  await tx.run(
    `INSERT INTO events (kind, account, resource, detail, at)
     SELECT 'ImageFindingsChanged', account, name, $2, $3 FROM repositories WHERE id = $1`,
    [repositoryId, JSON.stringify(detail), now.getTime()],
  )
}

function cut(findings: readonly ToldFinding[]): readonly ToldFinding[] {
  return findings.slice(0, maxTold)
}
