// May these images be used here? The one way in for pulls, clusters and previews.
import { withinTime } from '../lib/deadline.ts'
import type { Digest } from '../oci/digest.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { PoliciesInForce, PolicyInForce } from './policies-in-force.ts'
import { readImage, type KnownImage, type NamedImage, type ReadImageDeps } from './read-image.ts'
import { decide, inScope, type Decision } from './rules/decide.ts'
import type { DecisionContext, Evidence, ImageFacts } from './rules/evidence.ts'
import { neededFacts } from './rules/needed-facts.ts'

export interface JudgeDeps extends ReadImageDeps {
  readonly policies: PoliciesInForce
  /** For all images of one question together, in milliseconds. */
  readonly deadlineMs: number
  /** What kept the database from answering; whoever asked is told that it cannot be told. */
  readonly onFault: (error: unknown) => void
}

/** `foreign`: of another registry, of which nothing is looked up. */
export type AskedImage =
  | ({ readonly kind: 'own' } & Omit<NamedImage, 'account'>)
  | { readonly kind: 'foreign'; readonly host: string; readonly repository: string }

export interface Question {
  readonly account: AccountId
  readonly images: readonly AskedImage[]
  readonly context: DecisionContext
  /** Names of those that hold; undefined: all of the account. */
  readonly policyNames?: readonly string[] | undefined
  /** See ReadOptions. */
  readonly withoutPlatforms?: boolean
}

export interface Judgement {
  readonly decision: Decision
  /** Of an image of this registry that is there. */
  readonly digest: Digest | undefined
  readonly kind: KnownImage['kind'] | 'foreign' | 'unknown'
  readonly evidence: Evidence
  readonly image: ImageFacts
  /** Those that were about it, `base@3`. */
  readonly policies: readonly string[]
}

/** One for each image, in order. What cannot be read in time, or at all, is unknown: what that means the policies say. */
export async function judgeImages(
  deps: JudgeDeps,
  question: Question,
): Promise<readonly Judgement[]> {
  const now = deps.clock.now().getTime()
  const end = performance.now() + deps.deadlineMs
  const policies = await policiesOf(deps, question, now)
  const judgements: Judgement[] = []
  for (const asked of question.images) {
    const leftMs = Math.max(0, end - performance.now())
    judgements.push(await judgeOne(deps, { asked, question, policies, leftMs }, now))
  }
  return judgements
}

interface PoliciesRead {
  readonly policies: readonly PolicyInForce[]
  readonly isKnown: boolean
}

async function policiesOf(
  { policies, onFault, deadlineMs }: JudgeDeps,
  { account, policyNames }: Question,
  now: number,
): Promise<PoliciesRead> {
  const named = (all: readonly PolicyInForce[]): readonly PolicyInForce[] =>
    policyNames === undefined ? all : all.filter(({ name }) => policyNames.includes(name))
  try {
    const read = await withinTime(policies.read(account, now), deadlineMs)
    if (read !== undefined) return { policies: named(read), isKnown: true }
  } catch (error) {
    onFault(error)
  }
  const remembered = policies.remembered(account)
  return { policies: named(remembered ?? []), isKnown: remembered !== undefined }
}

async function judgeOne(
  deps: JudgeDeps,
  {
    asked,
    question,
    policies: { policies, isKnown },
    leftMs,
  }: {
    readonly asked: AskedImage
    readonly question: Question
    readonly policies: PoliciesRead
    readonly leftMs: number
  },
  now: number,
): Promise<Judgement> {
  const { account, withoutPlatforms = false } = question
  // Which policies there are is not known, so nobody can say that none is about the image.
  const context: DecisionContext = isKnown
    ? question.context
    : { ...question.context, withoutPolicy: 'deny' }
  const known =
    asked.kind === 'foreign'
      ? foreign(asked)
      : await readFacts(deps, { asked, account, policies, context, withoutPlatforms, leftMs })
  const { image, evidence, platforms, kind, digest } = known
  const judged = platforms === undefined ? context : { ...context, platforms }
  return {
    decision: decide({ image, context: judged, policies, evidence }, now),
    digest,
    kind,
    evidence,
    image,
    policies: inScope({ image, context: judged, policies }).map(
      ({ name, version }) => `${name}@${version}`,
    ),
  }
}

interface Facts extends Pick<Judgement, 'digest' | 'kind' | 'evidence' | 'image'> {
  /** As the index spells those that are asked for. */
  readonly platforms?: readonly string[]
}

const noEvidence: Evidence = {
  platforms: [],
  signatures: {},
  provenance: { kind: 'unknown', why: 'nobody asked' },
}

function foreign({ host, repository }: Extract<AskedImage, { readonly kind: 'foreign' }>): Facts {
  return {
    image: {
      origin: { kind: 'other', host },
      repository,
      named: { kind: 'digest' },
      created: { kind: 'unknown' },
    },
    evidence: noEvidence,
    kind: 'foreign',
    digest: undefined,
  }
}

async function readFacts(
  deps: JudgeDeps,
  {
    asked,
    account,
    policies,
    context,
    withoutPlatforms,
    leftMs,
  }: {
    readonly withoutPlatforms: boolean
    readonly asked: Extract<AskedImage, { readonly kind: 'own' }>
    readonly account: AccountId
    readonly policies: readonly PolicyInForce[]
    readonly context: DecisionContext
    readonly leftMs: number
  },
): Promise<Facts> {
  const { repository, reference } = asked
  const { platforms } = context
  const options = { needed: neededFacts(policies), platforms, withoutPlatforms }
  try {
    const read = await withinTime(
      readImage(deps, { account, repository, reference }, options),
      leftMs,
    )
    if (read !== undefined) return { ...read, platforms: platformsOf(read.evidence) }
  } catch (error) {
    deps.onFault(error)
  }
  return unreadable(asked)
}

/** Only those that were asked for were read. */
function platformsOf({ platforms }: Evidence): readonly string[] {
  return platforms.flatMap(({ platform }) => platform ?? [])
}

const why = 'the database of the registry does not answer'

function unreadable({
  repository,
  reference,
}: Extract<AskedImage, { readonly kind: 'own' }>): Facts {
  return {
    image: {
      origin: { kind: 'own' },
      repository,
      named:
        reference.kind === 'digest'
          ? { kind: 'digest' }
          : { kind: 'tag', tag: reference.tag, mutability: 'unknown' },
      created: { kind: 'unknown' },
    },
    evidence: {
      platforms: [{ scan: { kind: 'failed', why, findings: [] } }],
      signatures: {},
      provenance: { kind: 'unknown', why },
    },
    kind: 'unknown',
    digest: reference.kind === 'digest' ? reference.digest : undefined,
  }
}
