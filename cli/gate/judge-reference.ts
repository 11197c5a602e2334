import { setTimeout as delay } from 'node:timers/promises'
import type { AdmissionPolicy } from '../../src/admission/rules/admission-policy.ts'
import { decide, type Decision, type DecisionInput } from '../../src/admission/rules/decide.ts'
import type {
  DecisionContext,
  Evidence,
  FindingFacts,
  ScanFacts,
} from '../../src/admission/rules/evidence.ts'
import { exitCodes, Failure } from '../failure.ts'
import { note } from '../output.ts'
import type { ImageReference } from '../reference.ts'
import type { Session } from '../session.ts'
import { noveltyBy, type Baseline } from './baseline.ts'
import { findManifest, readScan, targetsOf, type ScanState, type Target } from './findings.ts'
import type { GateFinding } from './gate-finding.ts'
import { readImageFacts } from './image-facts.ts'
import { scanFactsOf } from './scan-facts.ts'
import type { GateSuppressions } from './suppress.ts'
import { readTrustEvidence, type TrustEvidence } from './trust-evidence.ts'

/** `unknown`: all that is against it is that something cannot be told. */
export type Verdict = Decision['decision'] | 'unknown'

export interface JudgedImage {
  /** As it was asked for. */
  readonly reference: string
  readonly repository: string
  readonly digest: string
  /** The only platform that was looked at, where one was asked for. */
  readonly onlyPlatform: string | undefined
  readonly platforms: readonly JudgedPlatform[]
  readonly decision: Decision
}

export interface JudgedPlatform {
  readonly target: Target
  readonly state: ScanState
  readonly scan: ScanFacts
  /** Which finding each of the decision's facts is. */
  readonly sources: ReadonlyMap<FindingFacts, GateFinding>
}

export function verdictOf({ decision, basis }: Decision): Verdict {
  return decision === 'deny' && basis === 'unknown' ? 'unknown' : decision
}

/** The one answer for several images: a single no is a no; else what cannot be told of one cannot be told of all. */
export function overallVerdict(images: readonly JudgedImage[]): Verdict {
  const verdicts = images.map(({ decision }) => verdictOf(decision))
  const worst = (['deny', 'unknown', 'warn'] as const).find((verdict) => verdicts.includes(verdict))
  return worst ?? 'allow'
}

export interface Judging {
  readonly policies: readonly AdmissionPolicy[]
  readonly suppressions: GateSuppressions | undefined
  readonly baseline: Baseline | undefined
  readonly platform: string | undefined
  readonly context: DecisionContext
  /** Milliseconds since the epoch, until which running scans are waited for. */
  readonly deadline: number
}

export async function judgeReference(
  session: Session,
  {
    reference,
    registryId,
  }: { readonly reference: ImageReference; readonly registryId: string | undefined },
  judging: Judging,
): Promise<JudgedImage> {
  const found = await findManifest(session, reference, registryId)
  const { targets: all, untold } = await targetsTold(session, { reference, registryId, found })
  const { platform: wanted } = judging
  const targets = all.filter(({ platform = wanted }) => isOfPlatform(platform, wanted))
  const platforms: JudgedPlatform[] = []
  for (const target of targets)
    platforms.push(
      untold === undefined
        ? await readPlatform(session, { target, text: reference.text }, judging)
        : { target, state: untold, ...scanFactsOf(untold, undefined) },
    )
  const asked = { reference, registryId, found, targets }
  const image = await readImageFacts(session, asked, judging.policies)
  const { repository, text } = reference
  const named = { repository, digest: found.digest }
  const trust = await readTrustEvidence(session, named, judging.policies)
  const onlyPlatform = all.length > targets.length ? wanted : undefined
  const read = { reference: text, repository, digest: found.digest, onlyPlatform, platforms }
  return judgeRead(read, { image, trust, ...judging }, new Date().getTime())
}

/** What an index lists may not be told: then that is all that is known, and of the other images the rest is. */
async function targetsTold(
  session: Session,
  asked: Parameters<typeof targetsOf>[1],
): Promise<{ readonly targets: readonly Target[]; readonly untold: ScanState | undefined }> {
  try {
    return { targets: await targetsOf(session, asked), untold: undefined }
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCodes.cannotAnswer) throw error
    const { reference, registryId, found } = asked
    const { repository } = reference
    const target = { repository, registryId, digest: found.digest, platform: undefined }
    const reason = [error.message, ...(error.advice === undefined ? [] : [error.advice])].join('; ')
    const untold = { kind: 'unavailable', status: 'NOT_FETCHED', reason, findings: [] } as const
    return { targets: [target], untold }
  }
}

/** What was read is judged; `now` in milliseconds. */
export function judgeRead(
  read: Omit<JudgedImage, 'decision'>,
  {
    image,
    trust,
    context,
    policies,
  }: Pick<DecisionInput, 'image' | 'context' | 'policies'> & { readonly trust: TrustEvidence },
  now: number,
): JudgedImage {
  const evidence: Evidence = {
    platforms: read.platforms.map(({ target: { platform, digest }, scan }) => ({
      digest,
      scan,
      ...(platform === undefined ? {} : { platform }),
    })),
    ...trust,
  }
  return { ...read, decision: decide({ image, context, policies, evidence }, now) }
}

/** `linux/arm64` is `linux/arm64/v8` too where nothing else is asked. */
function isOfPlatform(platform: string | undefined, wanted: string | undefined): boolean {
  if (wanted === undefined || platform === undefined) return true
  return platform === wanted || platform.startsWith(`${wanted}/`)
}

async function readPlatform(
  session: Session,
  { target, text }: { readonly target: Target; readonly text: string },
  { deadline, suppressions, baseline }: Judging,
): Promise<JudgedPlatform> {
  const told = await waitForScan(session, { target, text }, deadline)
  const state = suppressions?.apply(told, target, new Date()) ?? told
  const novelty = baseline === undefined ? undefined : noveltyBy(baseline, target)
  return { target, state, ...scanFactsOf(state, novelty) }
}

/** Ends as soon as there is a result, or when the time is over. */
async function waitForScan(
  session: Session,
  { target, text }: { readonly target: Target; readonly text: string },
  deadline: number,
): Promise<ScanState> {
  for (let pause = 500; ; pause = Math.min(pause * 2, 5000)) {
    const state = await readScan(session, target)
    const isWaitedFor =
      state.kind === 'running' || (state.kind === 'unavailable' && state.status === 'NOT_SCANNED')
    const left = deadline - new Date().getTime()
    if (!isWaitedFor || left <= 0) return state
    note(
      `${text}: ${state.status.toLowerCase().replaceAll('_', ' ')}, waiting up to ${Math.ceil(left / 1000)} s`,
    )
    await delay(Math.min(pause, left))
  }
}
