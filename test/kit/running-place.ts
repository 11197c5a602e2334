// A cluster, what it is told, and what it says that it runs.
import type { TestContext } from 'node:test'
import { DecisionRecorder, type DecidedImage } from '../../src/admission/decision-recorder.ts'
import { registerCluster } from '../../src/admission/register-cluster.ts'
import { reportCluster, type TakenReport } from '../../src/admission/report-cluster.ts'
import type { ReportedImage } from '../../src/admission/rules/cluster-report.ts'
import type { Digest } from '../../src/oci/digest.ts'
import type { ImageKey } from '../../src/running/image-use.ts'
import { say } from './admission-place.ts'
import { administrator, trustPlace, type TrustPlaceKit } from './trust-place.ts'
import type { Judgement } from '../../src/admission/judge-images.ts'

export interface RunningPlaceKit extends TrustPlaceKit {
  readonly recorder: DecisionRecorder
  readonly faults: readonly unknown[]
}

export async function runningPlace(
  t: TestContext,
  clusters: readonly string[] = ['prod'],
): Promise<RunningPlaceKit> {
  const place = await trustPlace(t)
  const faults: unknown[] = []
  const { account } = place.repository
  for (const name of clusters)
    await registerCluster(place, {
      account,
      asked: { name, withoutPolicy: 'allow' },
      by: administrator,
    })
  const recorder = new DecisionRecorder({
    ...place,
    onFault: (error) => {
      faults.push(error)
    },
  })
  return { ...place, recorder, faults }
}

/** A pod of a deployment in the namespace `web`, as the webhook saw it. */
export function decided(
  place: TrustPlaceKit,
  judgement: Judgement,
  more: Partial<DecidedImage> = {},
): DecidedImage {
  const { account, name } = place.repository
  return {
    account,
    cluster: 'prod',
    door: 'admission',
    namespace: 'web',
    workload: { kind: 'Deployment', name: 'app' },
    image: `registry.example/${name}:${say(judgement).split(' ', 1)[0] ?? ''}`,
    repository: name,
    judgement,
    isLetRun: judgement.decision.decision !== 'deny',
    ...more,
  }
}

/** `images`: references without the host. */
export async function report(
  place: TrustPlaceKit,
  images: readonly (string | Partial<ReportedImage>)[],
  name = 'prod',
): Promise<TakenReport> {
  const { account } = place.repository
  const asked = {
    images: images.map((one) =>
      typeof one === 'string' ? { image: `registry.example/${one}` } : one,
    ),
  }
  const deps = { ...place, hostsOf: () => ['registry.example'] }
  return reportCluster(deps, { account, name, asked, by: administrator })
}

export function keyOf({ repository, repositoryId }: TrustPlaceKit, digest: Digest): ImageKey {
  return { account: repository.account, repositoryId, repository: repository.name, digest }
}
