import { rateSeverity, type RatedSeverity } from '../ecosystems/severity.ts'
import { ecosystemsLookedUpIn, findEcosystem } from '../ecosystems/table.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { starterSource } from './advisory-source-store.ts'
import { listAdvisoryCandidates, type AdvisoryName } from './advisory-store.ts'
import { faceOf } from './match-store.ts'
import type { LookedUpPackage, MatchablePackage } from './package-store.ts'
import {
  areSpeaking,
  judgePackage,
  type JudgeableAdvisory,
  type JudgedMatch,
  type Rate,
} from './rules/judge-package.ts'
import { readClaim, readIds } from './rules/storable-advisory.ts'

export type FacedMatch = JudgedMatch & { readonly face: string }

/** Binary packages of one source, and versions of one library, ask for the same records. */
const maxKept = 20_000
/** Of what is different in ratings there is little: most flaws of a source have one of a few hundred vectors. */
const maxRatings = 2000

/** Judges packages by the records of one revision; keeps the records of names asked lately. */
export class StoredPackageJudge {
  readonly #reader: SqlReader
  readonly revision: number
  readonly #kept = new Map<string, readonly JudgeableAdvisory[]>()
  /** A vector is scored once, however many records have it: by the text of all that a record says of severity. */
  readonly #ratings = new Map<string, RatedSeverity>()
  #size = 0

  constructor(reader: SqlReader, revision: number) {
    this.#reader = reader
    this.revision = revision
  }

  /** Everything that is said of the package, under all the names by which it is looked up. */
  async judge({ type, keys }: MatchablePackage): Promise<readonly FacedMatch[]> {
    const ecosystem = findEcosystem(type)
    if (ecosystem === undefined) return []
    const decisive = keys.filter((key) => ecosystem.isDecisive?.(key) === true)
    const decided = new Set<number>()
    for (const key of decisive) for (const { row } of await this.#advisories(key)) decided.add(row)
    const judged: JudgedMatch[] = []
    for (const key of keys) {
      const advisories = await this.#advisories(key)
      const speaking = decisive.includes(key)
        ? advisories
        : advisories.filter(({ row }) => !decided.has(row))
      judged.push(...judgePackage(key, speaking, ecosystem.compareVersions, this.#rate))
    }
    return withoutRepetition(judged)
  }

  /**
   * Of packages looked up under one name those of which something is said there, or whose other names its words may
   * silence. Of the others nothing is said anew: what is said of them under their other names stays as it was.
   */
  async listConcerned(
    name: AdvisoryName,
    packages: readonly LookedUpPackage[],
  ): Promise<readonly number[]> {
    const advisories = await this.#advisories(name)
    // Which of them a package is of is not asked: that would be a row of each.
    const ecosystems = ecosystemsLookedUpIn(name.ecosystem)
    const isConcerned = ({ version }: LookedUpPackage): boolean => {
      const key = { ecosystem: name.ecosystem, name: name.name, version }
      return ecosystems.some(
        (row) =>
          row.isDecisive?.(key) === true || areSpeaking(version, advisories, row.compareVersions),
      )
    }
    const concerned = ecosystems.length === 0 ? packages : packages.filter(isConcerned)
    return concerned.map(({ id }) => id)
  }

  readonly #rate: Rate = (claim, affected) => {
    const said = [affected.severities, affected.severityWord, claim.severities, claim.severityWord]
    const key = JSON.stringify(said)
    const known = this.#ratings.get(key)
    if (known !== undefined) return known
    const rated = rateSeverity(claim, affected)
    if (this.#ratings.size >= maxRatings) this.#ratings.clear()
    this.#ratings.set(key, rated)
    return rated
  }

  async #advisories(name: AdvisoryName): Promise<readonly JudgeableAdvisory[]> {
    const key = `${name.ecosystem}\n${name.name}`
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const rows = await listAdvisoryCandidates(this.#reader, name, this.revision)
    const advisories = rows.map((row) => ({
      row: row.row,
      id: row.id,
      isStarter: row.source === starterSource,
      isWithdrawn: row.isWithdrawn,
      ids: readIds(row.ids),
      claim: readClaim(row.affected),
    }))
    this.#keep(key, advisories)
    return advisories
  }

  #keep(key: string, advisories: readonly JudgeableAdvisory[]): void {
    this.#size += 1 + advisories.length
    if (this.#size > maxKept) {
      this.#kept.clear()
      this.#size = 1 + advisories.length
    }
    this.#kept.set(key, advisories)
  }
}

/** A record that speaks of a package under two names is one match: the sure one of them, and of these one with a fix. */
function withoutRepetition(judged: readonly JudgedMatch[]): readonly FacedMatch[] {
  const byRecord = Map.groupBy(judged, (match) => `${match.vulnerability}\n${match.advisoryRow}`)
  return [...byRecord.values()].flatMap((same) => {
    const sure = same.filter(({ verdict }) => verdict === 'affected')
    const best = sure.find(({ fixedVersion }) => fixedVersion !== undefined) ?? sure[0] ?? same[0]
    if (best === undefined) return []
    return [{ ...best, face: faceOf({ ...best, evidence: JSON.stringify(best.evidence) }) }]
  })
}
