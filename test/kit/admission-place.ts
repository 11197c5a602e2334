// A registry with trust, whose images are judged by admission policies.
import { parseReference } from '../../src/oci/reference.ts'
import { openCreatedTimes } from '../../src/admission/read-created.ts'
import { judgeImages, type JudgeDeps, type Judgement } from '../../src/admission/judge-images.ts'
import { PoliciesInForce } from '../../src/admission/policies-in-force.ts'
import { putAdmissionPolicy } from '../../src/admission/put-admission-policy.ts'
import type { DecisionContext } from '../../src/admission/rules/evidence.ts'
import { trustReader } from '../../src/admission-trust.ts'
import { openSuppressions } from '../../src/scanning/suppressions.ts'
import type { SqlReader } from '../../src/storage/database/database.ts'
import { administrator, type TrustPlaceKit } from './trust-place.ts'

/** Images of these tests are not scanned. */
export const unscanned = [
  {
    match: { code: 'not-scanned' },
    owner: 'tests',
    reason: 'nobody scans here',
    until: '2027-10-01',
  },
]

/** `reader` in the place of the database, which may fail; what it threw is in `faults`. */
export function judgeDeps(
  place: TrustPlaceKit,
  reader: SqlReader = place.database,
  deadlineMs = 5000,
): JudgeDeps & { readonly faults: readonly unknown[] } {
  const { clock, contentOf } = place
  const faults: unknown[] = []
  return {
    reader,
    clock,
    suppressions: openSuppressions({ reader, clock, keys: [], hosts: () => [] }),
    contentOf,
    created: openCreatedTimes(),
    trust: trustReader({ reader, place: place.place }),
    policies: new PoliciesInForce(reader),
    deadlineMs,
    onFault: (error) => faults.push(error),
    faults,
  }
}

export async function putAdmission(place: TrustPlaceKit, document: object): Promise<void> {
  const text = JSON.stringify({ version: 1, name: 'base', exempt: unscanned, ...document })
  const { account } = place.repository
  await putAdmissionPolicy(place, { account, text, by: administrator })
}

/** One image of the place's repository, by its tag or digest. */
export async function judge(
  place: TrustPlaceKit,
  named: string,
  {
    deps = judgeDeps(place),
    context = {},
  }: { readonly deps?: JudgeDeps; readonly context?: Partial<DecisionContext> } = {},
): Promise<Judgement> {
  const reference = parseReference(named)
  if (reference === undefined) throw new Error(`${named} is no reference`)
  const { account, name: repository } = place.repository
  const [judgement] = await judgeImages(deps, {
    account,
    images: [{ kind: 'own', repository, reference }],
    context: { door: 'admission', withoutPolicy: 'deny', ...context },
  })
  if (judgement === undefined) throw new Error('no judgement')
  return judgement
}

/** `deny: signature-required` */
export function say({ decision }: Judgement): string {
  const codes = decision.reasons.filter(({ outcome }) => outcome !== 'info').map(({ code }) => code)
  return [decision.decision, ...codes].join(' ')
}
