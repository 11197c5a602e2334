// May the image be pulled? Only repositories whose owner says so refuse, and never those who push, sign, scan or copy.
import type { Reference } from '../oci/reference.ts'
import type { RepositoryAddress } from '../registry/repository-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import type { RecordDecisions } from './decision-recorder.ts'
import { judgeImages, type JudgeDeps, type Judgement } from './judge-images.ts'
import { isPullGated } from './pull-gate-store.ts'
import { noWorkload } from './rules/workload.ts'

export interface AskedPull {
  readonly repository: RepositoryAddress
  /** As the caller names it. */
  readonly reference: Reference
  readonly passes: () => Promise<boolean>
}

export interface PullRefusal {
  /** For a person: docker shows nothing else. */
  readonly message: string
  readonly reasons: readonly {
    readonly code: string
    readonly message: string
    readonly policy?: string
  }[]
}

/** Undefined: the pull goes on, also of what is not there, which the pull itself says. */
export type PullGuard = (asked: AskedPull) => Promise<PullRefusal | undefined>

const maxReasons = 50

export function guardPulls(
  deps: JudgeDeps & { readonly reader: SqlReader; readonly record: RecordDecisions },
): PullGuard {
  return async ({ repository: { account, name }, reference, passes }) => {
    if (!(await isPullGated(deps.reader, account, name))) return undefined
    if (await passes()) return undefined
    const [judgement] = await judgeImages(deps, {
      account,
      images: [{ kind: 'own', repository: name, reference }],
      context: { door: 'pull', withoutPolicy: 'allow' },
      withoutPlatforms: true,
    })
    if (judgement === undefined) return undefined
    const refusal = refusalOf(name, reference, judgement)
    // Of statements nothing is decided, and what is not there the pull itself says.
    if (judgement.kind !== 'statement' && judgement.kind !== 'absent')
      deps.record([
        {
          account,
          cluster: '',
          door: 'pull',
          namespace: '',
          workload: noWorkload,
          image: nameOf(name, reference),
          repository: name,
          judgement,
          isLetRun: false,
        },
      ])
    return refusal
  }
}

function refusalOf(
  repository: string,
  reference: Reference,
  { decision, kind }: Judgement,
): PullRefusal | undefined {
  // A signature, an SBOM: whoever verifies must have it, and nothing runs it.
  if (decision.decision !== 'deny' || kind === 'statement' || kind === 'absent') return undefined
  const reasons = decision.reasons.filter(({ outcome }) => outcome === 'deny')
  const [first] = reasons
  const image = nameOf(repository, reference)
  const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more reasons)` : ''
  const [remedy] = decision.remedies
  const fix = remedy === undefined ? '' : `; ${remedy.command ?? remedy.text}`
  return {
    message: `${image} may not be pulled: ${first?.message ?? 'its admission policy denies it'}${more}${fix}`,
    reasons: reasons.slice(0, maxReasons).map(({ code, message, policy }) => ({
      code,
      message,
      ...(policy === undefined ? {} : { policy }),
    })),
  }
}

function nameOf(repository: string, reference: Reference): string {
  return `${repository}${reference.kind === 'tag' ? `:${reference.tag}` : `@${reference.digest}`}`
}
