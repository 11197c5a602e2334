// What a SARIF log is written from: an image, what was found in it, and what nobody can say of it.
import type { GateFinding, ScanState, Target } from '../gate/findings.ts'
import type { JudgedImage } from '../gate/report.ts'

export interface ScannedImage {
  /** A reference, a file or a directory. */
  readonly name: string
  readonly digest: string | undefined
  readonly platform: string | undefined
  /** Why the findings are not all that there may be; undefined: the whole image was judged. */
  readonly gap: string | undefined
  /** What the answer does not speak about, in a scan that is whole. */
  readonly notes: readonly string[]
  readonly findings: readonly SarifFinding[]
}

export interface SarifFinding extends Omit<
  GateFinding,
  'aliases' | 'packageType' | 'purl' | 'remark'
> {
  readonly score?: number | undefined
  readonly summary?: string | undefined
  /** Of a finding that is listed apart: why. */
  readonly suppressed?: string | undefined
}

/** An image of a registry, as its scan tells of it. */
export function imageOfState(name: string, target: Target, state: ScanState): ScannedImage {
  const image = { name, digest: target.digest, platform: target.platform, notes: [] }
  switch (state.kind) {
    case 'running':
      return { ...image, gap: `the scan is ${state.status}`, findings: [] }
    case 'unavailable':
      return { ...image, gap: `${state.status}: ${state.reason}`, findings: state.findings }
    case 'scanned': {
      const notes = state.note === undefined ? [] : [state.note]
      return { ...image, gap: undefined, notes, findings: state.findings }
    }
  }
}

/** An image as the gate judged it; one that cannot be told is not whole, even where its scan is. */
export function imageOfJudged({ reference, target, state, verdict }: JudgedImage): ScannedImage {
  const reason = verdict.kind === 'cannotTell' ? verdict.reason : undefined
  if (target === undefined || state === undefined) {
    const image = { name: reference, digest: undefined, platform: undefined }
    return { ...image, gap: reason ?? 'there is no scan', notes: [], findings: [] }
  }
  const image = imageOfState(reference, target, state)
  return { ...image, gap: image.gap ?? reason }
}
