import type { Clock } from '../lib/clock.ts'
import type { Digest } from '../oci/digest.ts'
import {
  getRepository,
  type Repository,
  type RepositoryAddress,
} from '../registry/repository-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { countFreedBytes } from './count-freed-bytes.ts'
import { requirePolicy } from './put-policy.ts'
import { readGuardsOf, readPolicy, readStoredPolicy } from './read-policy.ts'
import { readImages } from './read-images.ts'
import type { EvaluateOptions } from './rules/evaluate-lifecycle.ts'
import { explainImage, type ImageExplanation } from './rules/explain-image.ts'
import { forecastLifecycle } from './rules/forecast.ts'
import type { LifecyclePolicy } from './rules/lifecycle-policy.ts'
import type { LifecycleLimits } from './rules/parse-lifecycle.ts'
import { previewDocument, type PreviewDocument } from './rules/preview-document.ts'
import { archiveMinimumOf } from './start-preview.ts'

interface Deps {
  readonly reader: SqlReader
  readonly clock: Clock
  readonly defaults: LifecycleLimits
}

interface Asked {
  readonly repository: RepositoryAddress
  /** A policy to be tried; else the one in force. */
  readonly text: string | undefined
}

interface Options {
  readonly signal: AbortSignal
}

/** What a policy would do today, and until `at` if nobody pushed; nothing is changed. */
export async function previewRepository(
  deps: Deps,
  input: Asked & { readonly at: Date | undefined },
  options: Options,
): Promise<PreviewDocument> {
  const { reader } = deps
  const repository = await getRepository(reader, input.repository)
  const policy = await policyOf(deps, repository, input.text)
  const images = await readImages(reader, repository.id, options)
  const at = input.at === undefined ? {} : { at: input.at.getTime() }
  const how = await evaluateOptions(deps, repository)
  const forecast = forecastLifecycle(policy, images, { ...how, ...at })
  const { today, later } = forecast
  const freedToday = await countFreedBytes(reader, repository.id, { gone: today.gone }, options)
  const goneLater = later && { gone: later.gone, goneBefore: today.gone }
  const freedLater = goneLater && (await countFreedBytes(reader, repository.id, goneLater, options))
  return previewDocument(repository.name, policy, forecast, {
    today: freedToday,
    ...(freedLater === undefined ? {} : { later: freedLater }),
  })
}

/** What each rule makes of one image; undefined where it is not there. */
export async function explainLifecycle(
  deps: Deps,
  input: Asked & { readonly digest: Digest },
  options: Options,
): Promise<ImageExplanation | undefined> {
  const repository = await getRepository(deps.reader, input.repository)
  const policy = await policyOf(deps, repository, input.text)
  const images = await readImages(deps.reader, repository.id, options)
  return explainImage(policy, images, input.digest, await evaluateOptions(deps, repository))
}

async function policyOf(
  { reader, defaults }: Deps,
  repository: Repository,
  text: string | undefined,
): Promise<LifecyclePolicy> {
  if (text !== undefined) return readPolicy(text, defaults)
  return readStoredPolicy((await requirePolicy(reader, repository)).text)
}

async function evaluateOptions(
  { reader, clock, defaults }: Deps,
  repository: Repository,
): Promise<EvaluateOptions> {
  const { guards } = await readGuardsOf(reader, repository)
  return {
    now: clock.now().getTime(),
    guards,
    archiveMinimumDays: archiveMinimumOf(defaults),
  }
}
