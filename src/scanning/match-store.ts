import { severities, type Severity } from '../ecosystems/severity.ts'
import {
  instantOrAbsent,
  integer,
  text,
  textOrAbsent,
  type SqlReader,
  type SqlRow,
  type SqlWriter,
} from '../storage/database/database.ts'
import { readByIds, writeByIds } from '../storage/database/by-ids.ts'
import { insertRows } from '../storage/database/many-rows.ts'
import { starterSource } from './advisory-source-store.ts'
import type { JudgedMatch, MatchEvidence } from './rules/judge-package.ts'
import type { FindingChanges } from './rules/match-changes.ts'
import { readIds, type AdvisoryIds } from './rules/storable-advisory.ts'

/** A match that is in force. */
export interface PresentMatch {
  readonly id: number
  readonly vulnerability: string
  readonly advisoryRow: number
  /** What a user sees of it, to tell a change from a renewal. */
  readonly face: string
}

/** Of packages, by package. */
export async function listPresentMatches(
  reader: SqlReader,
  packageIds: readonly number[],
): Promise<ReadonlyMap<number, readonly PresentMatch[]>> {
  const rows = await readByIds(
    reader,
    packageIds,
    (
      places,
    ) => `SELECT id, package_id, vulnerability, advisory_row, verdict, severity, severity_source, score, vector,
       fixed_version, evidence
     FROM matches WHERE until_revision IS NULL AND package_id IN (${places})`,
  )
  const present = new Map<number, PresentMatch[]>()
  for (const row of rows) {
    const packageId = integer(row, 'package_id')
    const known = present.get(packageId) ?? []
    present.set(packageId, known)
    known.push(presentMatchOf(row))
  }
  return present
}

/** Only which they are: a row never says anything else later but that it ended. */
export async function listPresentIds(
  reader: SqlReader,
  packageIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await readByIds(
    reader,
    packageIds,
    (places) => `SELECT id FROM matches
     WHERE until_revision IS NULL AND package_id IN (${places})`,
  )
  return new Set(rows.map((row) => integer(row, 'id')))
}

/** Those of the packages that have a match in force. */
export async function listMatchedPackages(
  reader: SqlReader,
  packageIds: readonly number[],
): Promise<readonly number[]> {
  const rows = await readByIds(
    reader,
    packageIds,
    (places) => `SELECT DISTINCT package_id FROM matches
     WHERE until_revision IS NULL AND package_id IN (${places})`,
  )
  return rows.map((row) => integer(row, 'package_id'))
}

function presentMatchOf(row: SqlRow): PresentMatch {
  return {
    id: integer(row, 'id'),
    vulnerability: text(row, 'vulnerability'),
    advisoryRow: integer(row, 'advisory_row'),
    face: faceOf({
      verdict: text(row, 'verdict'),
      severity: text(row, 'severity'),
      source: textOrAbsent(row, 'severity_source'),
      score: scoreOf(row),
      vector: textOrAbsent(row, 'vector'),
      fixedVersion: textOrAbsent(row, 'fixed_version'),
      evidence: text(row, 'evidence'),
    }),
  }
}

export interface NewMatch extends JudgedMatch {
  readonly packageId: number
}

export async function insertMatches(
  tx: SqlWriter,
  matches: readonly NewMatch[],
  revision: number,
): Promise<void> {
  const into = `matches (package_id, vulnerability, advisory_row, verdict, severity, severity_source, score, vector,
    fixed_version, evidence, from_revision)`
  const rows = matches.map((match) => [
    match.packageId,
    match.vulnerability,
    match.advisoryRow,
    match.verdict,
    match.severity,
    match.source ?? null,
    match.score ?? null,
    match.vector ?? null,
    match.fixedVersion ?? null,
    JSON.stringify(match.evidence),
    revision,
  ])
  await insertRows(tx, { into }, rows)
}

export async function endMatches(
  tx: SqlWriter,
  ids: readonly number[],
  revision: number,
): Promise<void> {
  await writeByIds(
    tx,
    ids,
    (places, [end]) => `UPDATE matches SET until_revision = ${end} WHERE id IN (${places})`,
    [revision],
  )
}

export interface ChangedFindings {
  readonly packageId: number
  readonly findings: FindingChanges
}

/** Tells of packages whose findings changed; who holds them is found by those who listen. */
export async function recordFindingsChanged(
  tx: SqlWriter,
  changed: readonly ChangedFindings[],
  { revision, now }: { readonly revision: number; readonly now: Date },
): Promise<void> {
  const told = changed.filter(
    ({ findings: { opened, closed, changed: others } }) =>
      opened.length + closed.length + others.length > 0,
  )
  // Packages are of no account: those that hold them are.
  const rows = told.map(({ packageId, findings }) => [
    'FindingsChanged',
    '',
    `package/${packageId}`,
    JSON.stringify({ packageId, revision, ...findings }),
    now.getTime(),
  ])
  await insertRows(tx, { into: 'events (kind, account, resource, detail, at)' }, rows)
}

/** A match with what is known of its record, as of a revision. */
export interface StoredMatch extends MatchRecord {
  readonly vulnerability: string
  readonly verdict: 'affected' | 'unknown'
  readonly severity: Severity
  readonly severitySource: string | undefined
  readonly score: number | undefined
  readonly vector: string | undefined
  readonly fixedVersion: string | undefined
  readonly evidence: MatchEvidence
  readonly fromRevision: number
}

/** What is told of the record that a match is by. */
export interface MatchRecord {
  readonly advisory: {
    readonly row: number
    readonly id: string
    readonly source: string
    readonly isStarter: boolean
    readonly modified: Date | undefined
  }
  readonly ids: AdvisoryIds
  readonly summary: string | undefined
  readonly url: string | undefined
}

const recordColumns = 'a.advisory_id, a.source, a.modified, a.ids, a.summary, a.url'

/** By row; rows that nobody has are left out. */
export async function listMatchRecords(
  reader: SqlReader,
  advisoryRows: readonly number[],
): Promise<ReadonlyMap<number, MatchRecord>> {
  const rows = await readByIds(
    reader,
    advisoryRows,
    (places) => `SELECT a.id AS advisory_row, ${recordColumns} FROM advisories a
     WHERE a.id IN (${places})`,
  )
  return new Map(rows.map((row) => [integer(row, 'advisory_row'), recordOf(row)]))
}

/** Of packages, by package, as a revision had them. */
export async function listMatchesOf(
  reader: SqlReader,
  packageIds: readonly number[],
  revision: number,
): Promise<ReadonlyMap<number, readonly StoredMatch[]>> {
  const rows = await readByIds(
    reader,
    packageIds,
    (
      places,
      [at],
    ) => `SELECT m.package_id, m.vulnerability, m.verdict, m.severity, m.severity_source, m.score, m.vector, m.fixed_version, m.evidence,
       m.from_revision, m.advisory_row, ${recordColumns}
     FROM matches m JOIN advisories a ON a.id = m.advisory_row
     WHERE m.package_id IN (${places}) AND m.from_revision <= ${at}
       AND (m.until_revision IS NULL OR m.until_revision > ${at})
     ORDER BY m.package_id, m.vulnerability, m.id`,
    [revision],
  )
  const found = new Map<number, StoredMatch[]>()
  for (const row of rows) {
    const packageId = integer(row, 'package_id')
    const known = found.get(packageId) ?? []
    found.set(packageId, known)
    known.push(matchOf(row))
  }
  return found
}

/** Packages that have a flaw now, by any of its names. */
export async function listPackagesWith(
  reader: SqlReader,
  names: readonly string[],
): Promise<readonly number[]> {
  const ids = new Set<number>()
  for (const name of names) {
    const rows = await reader.all(
      'SELECT DISTINCT package_id FROM matches WHERE vulnerability = $1 AND until_revision IS NULL',
      [name],
    )
    for (const row of rows) ids.add(integer(row, 'package_id'))
  }
  return [...ids]
}

function matchOf(row: SqlRow): StoredMatch {
  return {
    vulnerability: text(row, 'vulnerability'),
    verdict: text(row, 'verdict') === 'affected' ? 'affected' : 'unknown',
    severity: severityOf(text(row, 'severity')),
    severitySource: textOrAbsent(row, 'severity_source'),
    score: scoreOf(row),
    vector: textOrAbsent(row, 'vector'),
    fixedVersion: textOrAbsent(row, 'fixed_version'),
    evidence: readEvidence(text(row, 'evidence')),
    fromRevision: integer(row, 'from_revision'),
    ...recordOf(row),
  }
}

/** As `insertMatches` writes it. */
export function readEvidence(written: string): MatchEvidence {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written from a value of this type
  return JSON.parse(written) as MatchEvidence
}

function recordOf(row: SqlRow): MatchRecord {
  const source = text(row, 'source')
  return {
    advisory: {
      row: integer(row, 'advisory_row'),
      id: text(row, 'advisory_id'),
      source,
      isStarter: source === starterSource,
      modified: instantOrAbsent(row, 'modified'),
    },
    ids: readIds(text(row, 'ids')),
    summary: textOrAbsent(row, 'summary'),
    url: textOrAbsent(row, 'url'),
  }
}

function severityOf(word: string): Severity {
  return severities.find((severity) => severity === word) ?? 'UNDEFINED'
}

function scoreOf(row: SqlRow): number | undefined {
  const score = row['score']
  return typeof score === 'number' ? score : undefined
}

/** Everything of a match but its record and its revisions, as one text. */
export function faceOf(match: {
  readonly verdict: string
  readonly severity: string
  readonly source: string | undefined
  readonly score: number | undefined
  readonly vector: string | undefined
  readonly fixedVersion: string | undefined
  readonly evidence: string
}): string {
  const { verdict, severity, source, score, vector, fixedVersion, evidence } = match
  return JSON.stringify([verdict, severity, source, score, vector, fixedVersion, evidence])
}
