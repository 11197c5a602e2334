import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { AdvisoryState } from './advisory-state-store.ts'
import { listPackagesUnderChange } from './advisory-store.ts'
import { StoredPackageJudge, type FacedMatch } from './judge-stored-package.ts'
import {
  faceOf,
  listMatchesOf,
  listMatchRecords,
  readEvidence,
  type StoredMatch,
} from './match-store.ts'
import { listMatchablePackages } from './package-store.ts'

export interface JudgedAnew {
  readonly matches: readonly StoredMatch[]
  /** Flaws of which other things are said than are stored. */
  readonly changed: ReadonlySet<string>
}

/** Some milliseconds: an image has thousands, and after an import everybody asks. */
const judgedAtOnce = 20

/**
 * Matches, by the newest data, of those of the packages that the re-evaluation has yet to come to: whoever asks for an
 * image between an import and the end of the re-evaluation is told what is known, not what was. Nothing is written, and
 * nothing is asked while all packages are right.
 */
export async function judgeAnew(
  reader: SqlReader,
  packageIds: readonly number[],
  { revision, evaluatedRevision }: Pick<AdvisoryState, 'revision' | 'evaluatedRevision'>,
): Promise<ReadonlyMap<number, JudgedAnew>> {
  if (evaluatedRevision >= revision) return new Map()
  const span = { after: evaluatedRevision, to: revision }
  const ids = await listPackagesUnderChange(reader, packageIds, span)
  if (ids.length === 0) return new Map()
  const judge = new StoredPackageJudge(reader, revision)
  const judged = new Map<number, readonly FacedMatch[]>()
  for (const found of await listMatchablePackages(reader, ids)) {
    judged.set(found.id, await judge.judge(found))
    if (judged.size % judgedAtOnce === 0) await yieldToEventLoop()
  }
  return describeMatches(reader, judged, revision)
}

/** As they will be stored: what was said before stays said since then. */
async function describeMatches(
  reader: SqlReader,
  judged: ReadonlyMap<number, readonly FacedMatch[]>,
  revision: number,
): Promise<ReadonlyMap<number, JudgedAnew>> {
  const rows = new Set([...judged.values()].flat().map(({ advisoryRow }) => advisoryRow))
  const records = await listMatchRecords(reader, [...rows])
  const stored = await listMatchesOf(reader, [...judged.keys()], revision)
  const described = new Map<number, JudgedAnew>()
  for (const [id, found] of judged) {
    const before = new Map((stored.get(id) ?? []).map((match) => [identityOf(match), match]))
    const now = new Map(
      found.flatMap(({ source, advisoryRow, face: _face, ...match }) => {
        const record = records.get(advisoryRow)
        // Its row is there as long as its revision is in force.
        if (record === undefined) return []
        const evidence = readEvidence(JSON.stringify(match.evidence))
        const it = { ...match, ...record, evidence, severitySource: source, fromRevision: revision }
        return [[identityOf(it), it] as const]
      }),
    )
    const added = [...now].filter(([key]) => !before.has(key))
    const ended = [...before].filter(([key]) => !now.has(key))
    described.set(id, {
      matches: [...now].map(([key, match]) => before.get(key) ?? match),
      changed: new Set([...added, ...ended].map(([, { vulnerability }]) => vulnerability)),
    })
  }
  return described
}

function identityOf(match: StoredMatch): string {
  const face = faceOf({
    ...match,
    source: match.severitySource,
    evidence: JSON.stringify(match.evidence),
  })
  return `${match.vulnerability}\n${match.advisory.row}\n${face}`
}
