// Purpose:  why a finding is listed apart, and what is said of one that is not.
// Spec:     our own; docs/suppressions.md.
// Input:    one flaw of one package, its places, and what is in force.
// Deviates: nothing.
// Unknowns: one place of which nobody speaks is enough for the finding to count.
import type { Digest } from '../../oci/digest.ts'
import {
  judgePlace,
  type HeldBack,
  type InForce,
  type JudgedPackage,
  type PlaceJudgement,
} from '../../vex/judge-suppression.ts'
import type { ImageIdentity } from '../../vex/match-product.ts'
import type { VexClaim } from '../../vex/statement-index.ts'
import type { SuppressionRule } from '../../vex/suppression-rules.ts'
import { vulnerabilityKey } from '../../vex/vex-document.ts'

/** Why a finding is listed apart: never dropped, and not counted. */
export type Suppression =
  /** The distribution speaks of the flaw in the package that owns the library; what it says stands there. */
  | { readonly kind: 'distribution-decides'; readonly by: string }
  /** The distribution tells of flaws that it has not mended too, and does not name this one in the owner. */
  | { readonly kind: 'distribution-silent'; readonly by: string }
  /** The package has the kernel's headers and nothing that runs: a flaw of the kernel is in the host's. */
  | { readonly kind: 'kernel-headers' }
  /** A VEX document that is believed says that the image or the package is not affected, or mended. */
  | ({ readonly kind: 'vex' } & StatementFacts)
  /** A person decided so, for a time. */
  | ({ readonly kind: 'rule'; readonly by: string; readonly number: number } & Pick<
      SuppressionRule,
      'reason' | 'until'
    >)
  /** A filter that somebody made holds back what meets its criteria, until it is taken away. */
  | {
      readonly kind: 'filter'
      readonly by: string
      readonly name: string
      readonly reason: string
    }

/** What a VEX statement says of a finding; `by` is who issued it. */
export interface StatementFacts extends Omit<VexClaim, 'issuer' | 'isPinned' | 'saidAt'> {
  readonly by: string
  readonly saidAt: string
}

/** What stands beside a finding and does not hold it back. */
export interface Remarks {
  readonly vex?: StatementFacts
  readonly endedRules?: readonly {
    readonly reason: string
    readonly by: string
    readonly until: string
    readonly number: number
  }[]
}

/** What is in force for the images whose findings are listed. */
export interface ImageSuppressions {
  readonly inForce: InForce
  /** By digest; undefined is that of an image without one. */
  readonly images: ReadonlyMap<Digest | undefined, ImageIdentity>
  readonly now: Date
}

export interface JudgedFlaw {
  readonly vulnerability: string
  readonly aliases: readonly string[]
  readonly package: JudgedPackage
  readonly places: readonly { readonly path: string; readonly imageDigest: Digest | undefined }[]
}

/** Held back where each of its places is; the first of them says by whom. */
export function judgeFlaw(
  { inForce, images, now }: ImageSuppressions,
  flaw: JudgedFlaw,
): { readonly suppression?: Suppression; readonly remarks: Remarks } {
  const ids = [flaw.vulnerability, ...flaw.aliases].map(vulnerabilityKey)
  const judged = flaw.places.map(({ path, imageDigest }) => {
    const image = images.get(imageDigest) ?? nowhere
    return judgePlace(inForce, { ids, package: flaw.package, image, path }, now)
  })
  const heldBack = judged.every((place) => place.heldBack !== undefined)
    ? judged[0]?.heldBack
    : undefined
  const remarks = remarksOf(judged)
  return heldBack === undefined ? { remarks } : { suppression: suppressionOf(heldBack), remarks }
}

const nowhere: ImageIdentity = { digests: [], hosts: [] }

function suppressionOf(heldBack: HeldBack): Suppression {
  if (heldBack.kind === 'vex') return { kind: 'vex', ...factsOf(heldBack.claim) }
  const { reason, owner, until, number } = heldBack.rule
  return { kind: 'rule', reason, by: owner, until, number }
}

function factsOf({ issuer, isPinned: _isPinned, saidAt, ...claim }: VexClaim): StatementFacts {
  return { ...claim, by: issuer, saidAt: saidAt.toISOString() }
}

function remarksOf(judged: readonly PlaceJudgement[]): Remarks {
  const claim = judged.find((place) => place.claim !== undefined)?.claim
  const ended = [...new Set(judged.flatMap((place) => place.ended))]
  return {
    ...(claim === undefined ? {} : { vex: factsOf(claim) }),
    ...(ended.length === 0
      ? {}
      : {
          endedRules: ended.map(({ reason, owner: by, until, number }) => ({
            reason,
            by,
            until,
            number,
          })),
        }),
  }
}

/** In a sentence: who holds the finding back, and why. */
export function describeSuppression(suppression: Suppression): string {
  switch (suppression.kind) {
    case 'distribution-decides':
      return `the distribution speaks of it in ${suppression.by}, and what it says stands there`
    case 'distribution-silent':
      return `the distribution brought it with ${suppression.by}, and names no such flaw in it`
    case 'kernel-headers':
      return 'the package has headers of the kernel only, and the kernel that runs is not of the image'
    case 'vex': {
      const { by, status, justification, impact, document, saidAt } = suppression
      const why = justification ?? impact
      return `${by} says ${status}${why === undefined ? '' : ` (${why})`} in VEX document ${document.id} of ${saidAt.slice(0, 10)}`
    }
    case 'rule': {
      const { by, reason, until } = suppression
      return `a rule of ${by} until ${until}: ${reason}`
    }
    case 'filter': {
      const { by, name, reason } = suppression
      return `the filter ${name} of ${by}: ${reason}`
    }
  }
}
