// Purpose:  may this image be used here?
// Spec:     signing reference 7, "One decision function". The same for the gate of pipelines, for pulls, for clusters and for pages.
// Input:    what is known of the image, where it is to be used, the policies, and the time. All was read before.
// Deviates: nothing.
// Unknowns: what cannot be told denies, unless a policy says otherwise; `basis` tells a denial by what is known from one by what is not.
import type { AdmissionPolicy, Exemption, PolicyScope } from './admission-policy.ts'
import type { DecisionContext, Evidence, ImageFacts, PlatformEvidence } from './evidence.ts'
import { matchesPath } from '../../vex/path-glob.ts'
import { exempterOf } from './exempt.ts'
import { judgeImage } from './judge-image.ts'
import { judgeScan } from './judge-scan.ts'
import { judgeProvenance, judgeSignature } from './judge-signature.ts'
import type { Judged } from './judged.ts'
import { reasonCodes, type Outcome, type Reason, type Remedy } from './reason.ts'

export interface Decision {
  readonly decision: 'allow' | 'warn' | 'deny'
  /** `unknown`: all that is against it is that something cannot be told. */
  readonly basis: 'known' | 'unknown'
  /** All that was found, not only what decided. */
  readonly reasons: readonly Reason[]
  /** Of what denies and warns, each once. */
  readonly remedies: readonly Remedy[]
  /** The first moment at which it could be another one by itself, in milliseconds. Nobody keeps it for longer. */
  readonly until?: number
}

export interface DecisionInput {
  readonly image: ImageFacts
  readonly context: DecisionContext
  /** Each that is about the image counts; the strictest decides. */
  readonly policies: readonly AdmissionPolicy[]
  readonly evidence: Evidence
}

/** Linear in findings, rules, and exemptions that name the same flaw. `now` in milliseconds. */
export function decide(input: DecisionInput, now: number): Decision {
  const { image, context } = input
  const parts =
    image.origin.kind === 'absent'
      ? [absent(image)]
      : inScope(input).map((policy) => decideByPolicy(policy, input, now))
  if (parts.length === 0) parts.push(withoutPolicy(context))
  return breakGlass(strictest(parts), context, now)
}

interface Part {
  readonly decision: Decision['decision']
  readonly reasons: readonly Reason[]
  readonly ends: readonly number[]
}

/** A repository that the caller may not see answers the same. */
function absent({ repository }: ImageFacts): Part {
  const message = `there is no such image in ${repository}`
  return { decision: 'deny', reasons: [{ code: 'not-found', outcome: 'deny', message }], ends: [] }
}

function withoutPolicy({ withoutPolicy: means }: DecisionContext): Part {
  const message = 'no policy is about this image'
  const reason: Reason =
    means === 'allow'
      ? { code: 'no-policy', outcome: 'info', message }
      : { code: 'policy-required', outcome: 'deny', message }
  return { decision: means, reasons: [reason], ends: [] }
}

/** Those that are about the image and count. */
export function inScope<P extends AdmissionPolicy>({
  image,
  context,
  policies,
}: Pick<DecisionInput, 'image' | 'context'> & { readonly policies: readonly P[] }): readonly P[] {
  return policies.filter(
    ({ mode, scopes }) =>
      mode !== 'off' &&
      (scopes.length === 0 || scopes.some((scope) => isWithin(scope, image, context))),
  )
}

function isWithin(scope: PolicyScope, image: ImageFacts, context: DecisionContext): boolean {
  if (scope.doors !== undefined && !scope.doors.includes(context.door)) return false
  const pairs = [
    [scope.cluster, context.cluster],
    [scope.namespace, context.namespace],
    [scope.repository, image.repository],
  ] as const
  return pairs.every(
    ([pattern, text]) =>
      pattern === undefined || (text !== undefined && matchesPath(pattern, text)),
  )
}

function decideByPolicy(policy: AdmissionPolicy, input: DecisionInput, now: number): Part {
  const { image, context } = input
  const place = { repository: image.repository, namespace: context.namespace }
  const exempter = exempterOf(policy.exempt, place, now)
  const reasons: Reason[] = []
  const ends: number[] = []
  const over = new Set<Exemption>()
  for (const one of judgePolicy(policy, input, now)) {
    if (one.until !== undefined && one.until > now) ends.push(one.until)
    const outcome = outcomeOf(one, policy)
    if (outcome === undefined) continue
    const { by, ended } = outcome === 'info' ? { ended: [] } : exempter(one)
    for (const exemption of ended) over.add(exemption)
    if (by !== undefined) ends.push(by.endsAt)
    reasons.push(
      reasonOf(one, policy.name, by === undefined ? { outcome } : { outcome: 'info', by }),
    )
  }
  reasons.push(...[...over].map((exemption) => tellEnded(exemption, policy.name)))
  const decided = worst(reasons.map(({ outcome }) => outcome))
  const isLowered = policy.mode === 'warn' && decided === 'deny'
  return { decision: isLowered ? 'warn' : decided, reasons, ends }
}

function judgePolicy(
  policy: AdmissionPolicy,
  { image, context, evidence }: DecisionInput,
  now: number,
): readonly Judged[] {
  const { origin } = image
  // Nothing is looked up of an image of somebody else's registry, so there is nothing to judge.
  if (origin.kind === 'other') return judgeOrigin(policy, origin.host)
  const { signature, provenance } = policy.require
  const platforms = judgedPlatforms(evidence.platforms, context.platforms)
  const nothing: Judged = {
    code: 'no-platform',
    outcome: 'deny',
    rule: 'unknown',
    message: 'the index has no image for the platforms that are asked for',
  }
  return [
    ...(platforms.length === 0 ? [nothing] : []),
    ...platforms.flatMap((platform) => judgeScan(platform, policy, now)),
    ...(signature === undefined ? [] : judgeSignature(signature, evidence, now)),
    ...(provenance === undefined ? [] : judgeProvenance(provenance, evidence, now)),
    ...judgeImage(image, policy.require, now),
  ]
}

function judgeOrigin({ otherRegistries }: AdmissionPolicy, host: string): readonly Judged[] {
  const outcome = otherRegistries === 'allow' ? 'info' : otherRegistries
  const message = `it is of another registry, ${host}, and was not looked at`
  return [{ code: 'other-registry', outcome, rule: 'otherRegistries', message }]
}

function judgedPlatforms(
  platforms: readonly PlatformEvidence[],
  wanted: readonly string[] | undefined,
): readonly PlatformEvidence[] {
  return platforms.filter(
    ({ platform }) => wanted === undefined || platform === undefined || wanted.includes(platform),
  )
}

/** Undefined where there is nothing to tell. */
function outcomeOf({ code, outcome }: Judged, { unknown }: AdmissionPolicy): Outcome | undefined {
  if (outcome === 'nothing') return undefined
  if (reasonCodes[code] !== 'unknown' || unknown === 'fail' || outcome === 'info') return outcome
  return unknown === 'warn' ? 'warn' : 'info'
}

function reasonOf(
  judged: Judged,
  policy: string,
  { outcome, by }: { readonly outcome: Outcome; readonly by?: Exemption },
): Reason {
  const told = { ...judged, outcome, policy }
  if (by === undefined) return told
  const { owner, reason, until, justification } = by
  const because = justification === undefined ? {} : { justification }
  return { ...told, exemptedBy: { owner, reason, until, ...because } }
}

function tellEnded({ number, owner, until }: Exemption, policy: string): Reason {
  const message = `exemption ${number} of ${owner} ended on ${until} and counts no more`
  return {
    code: 'exemption-expired',
    outcome: 'info',
    policy,
    rule: `exempt[${number - 1}]`,
    message,
  }
}

function worst(outcomes: readonly Outcome[]): Decision['decision'] {
  if (outcomes.includes('deny')) return 'deny'
  return outcomes.includes('warn') ? 'warn' : 'allow'
}

const order: readonly Decision['decision'][] = ['allow', 'warn', 'deny']

function strictest(parts: readonly Part[]): Decision {
  const place = Math.max(...parts.map(({ decision }) => order.indexOf(decision)))
  const reasons = parts.flatMap((part) => part.reasons)
  const denials = parts
    .filter(({ decision }) => decision === 'deny')
    .flatMap((part) => part.reasons.filter(({ outcome }) => outcome === 'deny'))
  const isUnknown =
    denials.length > 0 && denials.every(({ code }) => reasonCodes[code] === 'unknown')
  const until = parts
    .flatMap(({ ends }) => ends)
    .reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  return {
    decision: order[place] ?? 'deny',
    basis: isUnknown ? 'unknown' : 'known',
    reasons,
    remedies: remediesOf(reasons),
    ...(Number.isFinite(until) ? { until } : {}),
  }
}

function remediesOf(reasons: readonly Reason[]): readonly Remedy[] {
  const found = new Map<string, Remedy>()
  for (const { outcome, remedy } of reasons)
    if (outcome !== 'info' && remedy !== undefined) found.set(remedy.text, remedy)
  return [...found.values()]
}

/** What somebody takes on themselves is never silent: a denial becomes a warning, with who and why. */
function breakGlass(decision: Decision, context: DecisionContext, now: number): Decision {
  const { breakGlass: glass } = context
  if (glass === undefined || decision.decision !== 'deny') return decision
  const { by, reason, until } = glass
  const end = new Date(until).toISOString()
  if (now >= until) {
    const message = `${by} let it pass until ${end} (${reason}); that is over`
    const ended: Reason = { code: 'break-glass-ended', outcome: 'info', message }
    return { ...decision, reasons: [...decision.reasons, ended] }
  }
  const message = `${by} lets it pass until ${end}: ${reason}`
  return {
    ...decision,
    decision: 'warn',
    basis: 'known',
    reasons: [...decision.reasons, { code: 'break-glass', outcome: 'warn', message }],
    until: Math.min(decision.until ?? until, until),
  }
}
