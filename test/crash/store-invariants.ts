// What must be true of database and files whatever happened, each with a name: the harness counts them.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseMasterKeys } from '../../src/access/rules/master-keys.ts'

export interface StoreFacts {
  readonly directory: string
  /** Digests whose stored bytes the harness has damaged itself. */
  readonly damaged: ReadonlySet<string>
  /** Files without a row are allowed when they were written after this; in epoch milliseconds of the machine. */
  readonly faultAt: number
}

type Row = Readonly<Record<string, string | number | null>>

interface Store extends StoreFacts {
  readonly rows: (sql: string) => readonly Row[]
  /** Path and size by storage key. */
  readonly files: ReadonlyMap<
    string,
    { readonly path: string; readonly size: number; readonly at: number }
  >
}

interface Invariant {
  readonly name: string
  /** What breaks it. */
  readonly find: (store: Store) => readonly string[]
}

const named = (rows: readonly Row[]): readonly string[] => rows.map((row) => JSON.stringify(row))

/** Hold at every instant. */
const always: readonly Invariant[] = [
  {
    name: 'the database is whole',
    find: ({ rows }) =>
      named(rows('PRAGMA integrity_check').filter((row) => row['integrity_check'] !== 'ok')),
  },
  {
    name: 'no row refers to one that is not there',
    find: ({ rows }) => named(rows('PRAGMA foreign_key_check')),
  },
  {
    name: 'the master key that the database is sealed under is in its file',
    find: ({ rows, directory }) => {
      const known = rows(`SELECT id, state FROM master_keys`)
      if (known.length === 0) return []
      const held = parseMasterKeys(readFileSync(join(directory, 'master.key'), 'utf8')) ?? []
      const primaries = known.filter((row) => row['state'] === 'primary')
      return [
        ...(primaries.length === 1 ? [] : [`${primaries.length} primary master keys`]),
        ...named(known.filter((row) => !held.some(({ id }) => id === row['id']))),
      ]
    },
  },
  {
    name: 'the file of each live blob is there, with its size and digest',
    find: ({ rows, files, damaged }) =>
      rows(`SELECT digest, size, storage_key FROM blobs WHERE state = 'live'`).flatMap((row) => {
        const digest = String(row['digest'])
        const file = files.get(String(row['storage_key']))
        if (damaged.has(digest)) return []
        if (file === undefined) return [`${digest} has no file`]
        if (file.size !== row['size']) return [`${digest} has ${file.size} bytes of ${row['size']}`]
        const [algorithm = '', hex] = digest.split(':')
        const is = createHash(algorithm).update(readFileSync(file.path)).digest('hex')
        return is === hex ? [] : [`the file of ${digest} has the digest ${is}`]
      }),
  },
  {
    name: 'a digest names one live blob at most',
    find: ({ rows }) =>
      named(
        rows(`SELECT digest FROM blobs WHERE state = 'live' GROUP BY digest HAVING COUNT(*) > 1`),
      ),
  },
  {
    name: 'links lead to live blobs, and live blobs are linked',
    find: ({ rows }) => [
      ...named(
        rows(
          `SELECT l.repository_id, l.blob_id FROM blob_links l LEFT JOIN blobs b ON b.id = l.blob_id AND b.state = 'live' WHERE b.id IS NULL`,
        ),
      ),
      ...named(
        rows(
          `SELECT id FROM blobs WHERE state = 'live' AND id NOT IN (SELECT blob_id FROM blob_links)`,
        ),
      ),
    ],
  },
  {
    name: 'what a manifest refers to is in its repository',
    find: ({ rows }) => [
      ...named(
        rows(
          `SELECT m.repository_id, m.manifest_digest, m.blob_digest FROM manifest_blobs m WHERE NOT EXISTS (
             SELECT 1 FROM blob_links l JOIN blobs b ON b.id = l.blob_id
             WHERE l.repository_id = m.repository_id AND b.digest = m.blob_digest AND b.state = 'live')`,
        ),
      ),
      ...named(
        rows(
          `SELECT c.repository_id, c.manifest_digest, c.child_digest FROM manifest_children c LEFT JOIN manifests m
             ON m.repository_id = c.repository_id AND m.digest = c.child_digest WHERE m.digest IS NULL`,
        ),
      ),
    ],
  },
  {
    name: 'the bytes of each manifest have its digest',
    find: ({ rows }) =>
      rows('SELECT digest, hex(bytes) AS bytes FROM manifests').flatMap((row) => {
        const [algorithm = '', hex] = String(row['digest']).split(':')
        const bytes = Buffer.from(String(row['bytes']), 'hex')
        const is = createHash(algorithm).update(bytes).digest('hex')
        return is === hex ? [] : [`the bytes of ${String(row['digest'])} have the digest ${is}`]
      }),
  },
  {
    name: 'the history of a tag ends where it points',
    find: ({ rows }) =>
      named(
        rows(
          `SELECT t.name, t.digest, h.to_digest FROM tags t LEFT JOIN tag_history h ON h.id = (
             SELECT MAX(id) FROM tag_history WHERE repository_id = t.repository_id AND name = t.name)
           WHERE h.to_digest IS NOT t.digest`,
        ),
      ),
  },
  {
    name: 'each push of a tag is told in an event of the same transaction',
    find: ({ rows }) =>
      named(
        rows(
          `SELECT t.name FROM tags t JOIN repositories r ON r.id = t.repository_id WHERE NOT EXISTS (
             SELECT 1 FROM events e WHERE e.kind = 'ImagePushed' AND e.detail LIKE '%' || t.digest || '%')`,
        ),
      ),
  },
  {
    name: 'the usage of each repository is what a recount gives',
    find: ({ rows }) =>
      named(
        rows(
          `SELECT * FROM (SELECT r.name, r.used_bytes, r.used_images,
             (SELECT COALESCE(SUM(size), 0) FROM manifests WHERE repository_id = r.id)
             + (SELECT COALESCE(SUM(b.size), 0) FROM blob_links l JOIN blobs b ON b.id = l.blob_id WHERE l.repository_id = r.id) AS bytes,
             (SELECT COUNT(*) FROM manifests WHERE repository_id = r.id) AS images
           FROM repositories r) WHERE used_bytes <> bytes OR used_images <> images`,
        ),
      ),
  },
  {
    name: 'the usage of each account is what a recount gives',
    find: ({ rows }) =>
      named(
        rows(
          `SELECT * FROM (SELECT a.id, a.used_bytes, a.used_images,
             (SELECT COALESCE(SUM(m.size), 0) FROM manifests m JOIN repositories r ON r.id = m.repository_id WHERE r.account = a.id)
             + (SELECT COALESCE(SUM(size), 0) FROM blobs WHERE id IN (
                 SELECT l.blob_id FROM blob_links l JOIN repositories r ON r.id = l.repository_id WHERE r.account = a.id)) AS bytes,
             (SELECT COUNT(*) FROM manifests m JOIN repositories r ON r.id = m.repository_id WHERE r.account = a.id) AS images
           FROM accounts a) WHERE used_bytes <> bytes OR used_images <> images`,
        ),
      ),
  },
  {
    name: 'each lifecycle run counts what its records tell',
    find: ({ rows }) =>
      named(
        rows(
          `SELECT * FROM (SELECT r.id, r.repository, r.expired, r.archived, r.bytes,
             (SELECT COUNT(*) FROM lifecycle_records WHERE run_id = r.id AND action = 'expire') AS deletions,
             (SELECT COUNT(*) FROM lifecycle_records WHERE run_id = r.id AND action = 'archive') AS archivals,
             (SELECT COALESCE(SUM(bytes), 0) FROM lifecycle_records WHERE run_id = r.id AND action = 'expire') AS freed
           FROM lifecycle_runs r) WHERE expired <> deletions OR archived <> archivals OR bytes <> freed`,
        ),
      ),
  },
  {
    name: 'each tag that a lifecycle run took away is told by one record',
    find: ({ rows }) =>
      named(
        rows(
          `SELECT * FROM (SELECT h.repository, h.name,
             (SELECT COUNT(*) FROM lifecycle_record_tags t JOIN lifecycle_records e ON e.id = t.record_id
              WHERE e.repository = h.repository AND t.tag = h.name AND e.digest = h.from_digest AND e.at = h.at) AS records
           FROM tag_history h WHERE h.principal = 'lifecycle.ecr.amazonaws.com' AND h.to_digest IS NULL) WHERE records <> 1`,
        ),
      ),
  },
  {
    name: 'the acknowledged bytes of each open upload are there',
    find: ({ rows, files }) =>
      rows(`SELECT id, size, storage_key FROM uploads WHERE state = 'open' AND size > 0`).flatMap(
        (row) => {
          const size = files.get(String(row['storage_key']))?.size ?? 0
          return size >= Number(row['size'])
            ? []
            : [`${row['id']}: ${size} of ${row['size']} bytes`]
        },
      ),
  },
  {
    name: 'bytes that are to be removed belong to nobody',
    find: ({ rows }) =>
      named(
        rows(
          `SELECT d.storage_key FROM storage_deletions d WHERE d.storage_key IN (SELECT storage_key FROM blobs)
             OR d.storage_key IN (SELECT storage_key FROM uploads WHERE state = 'open')`,
        ),
      ),
  },
  {
    name: 'a file without a row is younger than the fault',
    find: ({ rows, files, faultAt }) => {
      const known = new Set(
        rows(
          `SELECT storage_key FROM blobs UNION SELECT storage_key FROM uploads WHERE state = 'open' UNION SELECT storage_key FROM storage_deletions`,
        ).map((row) => String(row['storage_key'])),
      )
      return [...files]
        .filter(([key, { at }]) => !known.has(key) && at < faultAt)
        .map(([key]) => key)
    },
  },
]

/** Hold when collections have run and every grace is over. */
const settled: readonly Invariant[] = [
  {
    name: 'nothing is left: each file is that of a live blob',
    find: ({ rows, files }) => {
      const live = new Set(
        rows(`SELECT storage_key FROM blobs WHERE state = 'live'`).map((row) =>
          String(row['storage_key']),
        ),
      )
      return [...files.keys()].filter((key) => !live.has(key))
    },
  },
  {
    name: 'nothing is left: no upload, no blob on its way out, no bytes to be removed',
    find: ({ rows }) => [
      ...named(rows(`SELECT id, state FROM uploads`)),
      ...named(rows(`SELECT id, digest FROM blobs WHERE state <> 'live'`)),
      ...named(rows(`SELECT storage_key FROM storage_deletions`)),
    ],
  },
  {
    name: 'nothing is left: each link is needed by a manifest',
    find: ({ rows }) =>
      named(
        rows(
          `SELECT l.repository_id, b.digest FROM blob_links l JOIN blobs b ON b.id = l.blob_id WHERE NOT EXISTS (
             SELECT 1 FROM manifest_blobs m WHERE m.repository_id = l.repository_id AND m.blob_digest = b.digest)`,
        ),
      ),
  },
]

export const invariantNames = [...always, ...settled].map(({ name }) => name)

/** Checks beside the running server, which sees nothing of it. */
export function checkStore(
  facts: StoreFacts,
  isSettled: boolean,
): { readonly checked: number; readonly violations: readonly string[] } {
  const database = new DatabaseSync(join(facts.directory, 'pratique.db'), {
    readOnly: true,
    timeout: 5000,
  })
  try {
    const rows = (sql: string): readonly Row[] => database.prepare(sql).all() as unknown as Row[]
    // One view, taken before the files are listed: the server goes on meanwhile, and what it lets go of loses its file before its
    // row. Only a statement that reads a table takes a view.
    database.exec('BEGIN')
    rows('SELECT version FROM schema_version')
    const store = { ...facts, rows, files: filesBelow(join(facts.directory, 'blobs')) }
    const invariants = isSettled ? [...always, ...settled] : always
    const violations = invariants.flatMap(({ name, find }) =>
      find(store).map((what) => `${name}: ${what}`),
    )
    return { checked: invariants.length, violations }
  } finally {
    database.close()
  }
}

function filesBelow(root: string): Store['files'] {
  const files = new Map<
    string,
    { readonly path: string; readonly size: number; readonly at: number }
  >()
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    // A collection of the schedule may take one meanwhile.
    const stat = entry.isFile() ? statSync(path, { throwIfNoEntry: false }) : undefined
    if (stat !== undefined) files.set(entry.name, { path, size: stat.size, at: stat.mtimeMs })
  }
  return files
}
