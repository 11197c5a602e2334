import { forecastLifecycle, type ForecastDay } from '../../src/lifecycle/rules/forecast.ts'
import { awsArchiveDays } from '../../src/lifecycle/rules/parse-lifecycle.ts'
import {
  previewDocument,
  type FreedBytes,
  type PreviewDocument,
} from '../../src/lifecycle/rules/preview-document.ts'
import type { Session } from '../session.ts'
import { policyInForce, readPolicyText } from './policy-text.ts'
import { readEcrImages, type EcrImage } from './read-ecr-images.ts'

/** What AWS would do with a repository of its own, judged here by what its API tells. */
export async function previewOfEcr(
  session: Session,
  input: {
    readonly repository: string
    readonly text: string | undefined
    readonly at: Date | undefined
  },
): Promise<PreviewDocument> {
  const { repository: repositoryName, at } = input
  const text = input.text ?? (await policyInForce(session, repositoryName))
  const policy = readPolicyText(text, input.text === undefined ? 'the policy in force' : 'the file')
  const images = await readEcrImages(session, { repositoryName })
  const now = new Date().getTime()
  const later = at === undefined ? {} : { at: at.getTime() }
  const options = { now, archiveMinimumDays: awsArchiveDays, ...later }
  const forecast = forecastLifecycle(policy, images, options)
  const sizes = new Map(images.map((image) => [image.digest, image] as const))
  return previewDocument(repositoryName, policy, forecast, {
    today: sizeOf(forecast.today, sizes),
    ...(forecast.later === undefined ? {} : { later: sizeOf(forecast.later, sizes) }),
  })
}

/** Sizes of the images: which layers they share, ECR does not tell. */
function sizeOf(day: ForecastDay, images: ReadonlyMap<string, EcrImage>): FreedBytes {
  const byRule = new Map<number, number>()
  let all = 0
  for (const [digest, rule] of day.gone) {
    const bytes = images.get(digest)?.sizeBytes ?? 0
    all += bytes
    byRule.set(rule, (byRule.get(rule) ?? 0) + bytes)
  }
  return { all, byRule }
}
