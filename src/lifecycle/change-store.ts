// What others did to a repository since a moment: told by the outbox and by the history of tags, both of which every change is in.
import { parseDigest } from '../oci/digest.ts'
import { companionTagsOf } from '../registry/rules/companion-tag.ts'
import { integerOrAbsent, text, type SqlReader } from '../storage/database/database.ts'

/** Up to where changes are known. */
export interface ChangeMark {
  readonly eventId: number
  readonly tagChangeId: number
}

export async function readChangeMark(reader: SqlReader): Promise<ChangeMark> {
  const row = await reader.first(
    'SELECT (SELECT MAX(id) FROM events) AS event, (SELECT MAX(id) FROM tag_history) AS tag',
  )
  return {
    eventId: (row && integerOrAbsent(row, 'event')) ?? 0,
    tagChangeId: (row && integerOrAbsent(row, 'tag')) ?? 0,
  }
}

/** Rows that are looked through, of all repositories. */
const maxRows = 2000

/**
 * Digests that a change behind the mark may have concerned: pushed, deleted, archived, restored, given or rid of a tag, listed
 * by an index that came, subject of a referrer that did, or beside a subject that did. Undefined where there are too many rows to look through.
 */
export async function listChangedDigests(
  reader: SqlReader,
  repository: { readonly id: number; readonly account: string; readonly name: string },
  mark: ChangeMark,
): Promise<ReadonlySet<string> | undefined> {
  const events = await reader.all(
    'SELECT account, resource, detail FROM events WHERE id > $1 ORDER BY id LIMIT $2',
    [mark.eventId, maxRows],
  )
  const moves = await reader.all(
    `SELECT repository_id, from_digest, to_digest FROM tag_history WHERE id > $1 ORDER BY id LIMIT $2`,
    [mark.tagChangeId, maxRows],
  )
  if (events.length === maxRows || moves.length === maxRows) return undefined
  const changed = new Set<string>()
  for (const move of moves) {
    if (move['repository_id'] !== repository.id) continue
    for (const digest of [move['from_digest'], move['to_digest']]) {
      if (typeof digest === 'string') changed.add(digest)
    }
  }
  for (const event of events) {
    const isOurs = event['account'] === repository.account && event['resource'] === repository.name
    if (!isOurs) continue
    for (const digest of digestsIn(text(event, 'detail'))) {
      const children = await listChildren(reader, repository.id, digest)
      const beside = await listBeside(reader, repository.id, digest)
      for (const concerned of [digest, ...children, ...beside]) changed.add(concerned)
    }
  }
  return changed
}

/** Of whichever kind the event is: what it is about, and what that refers to. */
function digestsIn(detail: string): readonly string[] {
  const parsed: unknown = JSON.parse(detail)
  const members = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : []
  return members.flatMap(([name, value]) =>
    (name === 'digest' || name === 'subject') && typeof value === 'string' ? [value] : [],
  )
}

async function listChildren(
  reader: SqlReader,
  repositoryId: number,
  index: string,
): Promise<readonly string[]> {
  const rows = await reader.all(
    'SELECT child_digest FROM manifest_children WHERE repository_id = $1 AND manifest_digest = $2 LIMIT $3',
    [repositoryId, index, maxRows],
  )
  return rows.map((row) => text(row, 'child_digest'))
}

/** What is passed over while its subject is there, and counted while it is not. */
async function listBeside(
  reader: SqlReader,
  repositoryId: number,
  subject: string,
): Promise<readonly string[]> {
  const digest = parseDigest(subject)
  if (digest === undefined) return []
  const [one = '', two = one, three = one, four = one] = companionTagsOf(digest)
  const rows = await reader.all(
    `SELECT digest FROM manifests WHERE repository_id = $1 AND subject_digest = $2
     UNION SELECT digest FROM tags WHERE repository_id = $1 AND name IN ($3, $4, $5, $6) LIMIT $7`,
    [repositoryId, subject, one, two, three, four, maxRows],
  )
  return rows.map((row) => text(row, 'digest'))
}
