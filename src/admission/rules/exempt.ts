// Purpose:  does an exemption speak for a reason, and is it still in force?
// Spec:     our own; docs/gate.md.
// Input:    the exemptions of one policy, and reasons that its rules gave.
// Deviates: nothing.
// Unknowns: what cannot be told, and signatures that are wrong or revoked, are exempted only by their own code: nobody who writes `*` means
//           these. A package that the source does not tell is matched by no package.
import { parsePurl, type Purl } from '../../lib/purl.ts'
import { matchesPackage } from '../../vex/judge-suppression.ts'
import { matchesPath } from '../../vex/path-glob.ts'
import { vulnerabilityKey } from '../../vex/vex-document.ts'
import type { Exemption } from './admission-policy.ts'
import type { FindingFacts } from './evidence.ts'
import { reasonCodes, type Reason, type ReasonCode } from './reason.ts'

export interface Exempting {
  /** The first in the policy's order that is in force. */
  readonly by?: Exemption
  /** Those that would speak for it, were they not over. */
  readonly ended: readonly Exemption[]
}

export interface ExemptionPlace {
  readonly repository: string
  readonly namespace: string | undefined
}

export type Exempter = (reason: Pick<Reason, 'code' | 'finding'>) => Exempting

/** Exemptions by what they name, so that a reason is held only against those that could be about it. */
export function exempterOf(
  exemptions: readonly Exemption[],
  place: ExemptionPlace,
  now: number,
): Exempter {
  const index = new Map<string, Exemption[]>()
  for (const exemption of exemptions) {
    if (!isHere(exemption, place)) continue
    const { vulnerabilities, codes } = exemption.match
    // One that names both is about reasons with such a code and of such a flaw.
    const keys = vulnerabilities.length > 0 ? vulnerabilities : codes
    for (const key of new Set(keys)) {
      const known = index.get(key)
      if (known === undefined) index.set(key, [exemption])
      else known.push(exemption)
    }
  }
  return (reason) => {
    const about = candidates(index, reason).filter((exemption) => speaksFor(exemption, reason))
    const [by] = about.filter(({ endsAt }) => endsAt > now)
    return by === undefined ? { ended: about } : { by, ended: [] }
  }
}

function isHere({ match: { repository, namespace } }: Exemption, place: ExemptionPlace): boolean {
  if (repository !== undefined && !matchesPath(repository, place.repository)) return false
  if (namespace === undefined) return true
  return place.namespace !== undefined && matchesPath(namespace, place.namespace)
}

function candidates(
  index: ReadonlyMap<string, readonly Exemption[]>,
  { code, finding }: Pick<Reason, 'code' | 'finding'>,
): readonly Exemption[] {
  const keys = ['*', code, ...(finding === undefined ? [] : idsOf(finding))]
  const found = new Set(keys.flatMap((key) => index.get(key) ?? []))
  return [...found].toSorted((a, b) => a.number - b.number)
}

function idsOf({ vulnerability, aliases }: FindingFacts): readonly string[] {
  return [vulnerability, ...aliases].map(vulnerabilityKey)
}

function speaksFor(
  { match }: Exemption,
  { code, finding }: Pick<Reason, 'code' | 'finding'>,
): boolean {
  const { vulnerabilities, codes, package: wanted } = match
  if (!speaksOfCode(codes, code, vulnerabilities.length > 0)) return false
  if (vulnerabilities.length === 0) return wanted === undefined || isPackage(wanted, finding)
  if (finding === undefined) return false
  const isFlaw =
    vulnerabilities.includes('*') || idsOf(finding).some((id) => vulnerabilities.includes(id))
  return isFlaw && (wanted === undefined || isPackage(wanted, finding))
}

/** What nobody exempts by the way. */
const guarded: readonly ReasonCode[] = ['signature-invalid', 'signature-revoked']

function speaksOfCode(
  codes: readonly (ReasonCode | '*')[],
  code: ReasonCode,
  hasFlaw: boolean,
): boolean {
  if (codes.includes(code)) return true
  if (reasonCodes[code] !== 'violation' || guarded.includes(code)) return false
  return codes.length === 0 ? hasFlaw && code === 'finding' : codes.includes('*')
}

function isPackage(
  wanted: NonNullable<Exemption['match']['package']>,
  finding: FindingFacts | undefined,
): boolean {
  if (finding === undefined) return false
  const { name, version, type } = finding.package
  return matchesPackage(wanted, { name, version, type, purl: purlOf(finding) })
}

function purlOf({ package: { purl } }: FindingFacts): Purl | undefined {
  return purl === undefined ? undefined : parsePurl(purl)
}
