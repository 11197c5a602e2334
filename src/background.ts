// What the program does by itself: the jobs of its rooms, bound to the foundation.
import { admissionJobHandlers, admissionSchedule } from './admission-jobs.ts'
import { finishRotations, finishRotationsJob } from './access/rotate-master-key.ts'
import type { Config } from './config.ts'
import type { Metrics } from './edges/health/metrics.ts'
import type { Foundation } from './foundation.ts'
import { enqueue, housekeepingPriority } from './jobs/queue.ts'
import { JobWorker, type JobHandler, type WorkerLog } from './jobs/worker.ts'
import type { Log } from './lib/log.ts'
import { listEpssThresholds } from './notifications/epss-thresholds.ts'
import { trimNotifications, trimNotificationsJob } from './notifications/trim-notifications.ts'
import { parseDigest, type Digest } from './oci/digest.ts'
import { collectStorage, type CollectDeps } from './registry/collect-storage.ts'
import { removeMoreReferrers, removeReferrersJob } from './registry/delete-manifest.ts'
import { imagePushedJob } from './registry/events.ts'
import { exportHandlers } from './inspecting.ts'
import { openImageContent } from './registry/open-image-content.ts'
import { lifecycleJobHandlers, lifecycleSchedule } from './lifecycle-jobs.ts'
import { postureSchedule, type PostureKeeping } from './posture-rooms.ts'
import { trustJobHandlers, trustSchedule } from './trust-jobs.ts'
import type { Verifiers } from './trust/verify-aside.ts'
import { scanJobHandlers, scanSchedule } from './scan-jobs.ts'
import { signingJobHandlers, signingSchedule } from './signing-jobs.ts'
import type { SigningDeps } from './signing/make-signature.ts'
import { recordDeedsEveryMs, recordDeedsJob } from './audit/own-deeds.ts'
import { findRepositoryById } from './registry/repository-store.ts'
import { shardCount } from './registry/rules/orphan.ts'
import { findOldestLeftRevision } from './scanning/eligibility-store.ts'
import { forgetAdvisories, forgetAdvisoriesJob } from './scanning/forget-advisories.ts'
import type { LayerReaders } from './scanning/read-layer.ts'
import {
  readOlderVex,
  readOlderVexJob,
  readVexReferrers,
  rejudgeVex,
  rejudgeVexJob,
} from './scanning/read-vex-referrers.ts'
import {
  refreshFeed,
  refreshFeedJob,
  refreshPartJob,
  refreshPartOf,
  scheduleFeeds,
  scheduleFeedsJob,
  type FeedSources,
} from './scanning/refresh-feeds.ts'
import type { PartRefresh } from './scanning/refresh-part.ts'
import { FeedNotices } from './scanning/feed-notices.ts'
import { expireExportsJob } from './scanning/finding-exports.ts'
import { sweepPackageSets, sweepPackageSetsJob } from './scanning/sweep-package-sets.ts'
import { sweepPackages, sweepPackagesJob } from './scanning/sweep-packages.ts'
import { applyCveFacts, applyCveFactsJob } from './scanning/apply-cve-facts.ts'
import { lanes } from './lanes.ts'
import { countFindings } from './scanning/count-findings.ts'
import { countFindingsJob } from './scanning/counting-job.ts'
import { holdOlderScans, holdOlderScansJob } from './scanning/hold-older-scans.ts'
import { reevaluateJob, reevaluatePackages } from './scanning/reevaluate-packages.ts'
import { requestScansOfPush, scanImageJob } from './scanning/request-scan.ts'
import { resolveScanning } from './scanning/resolve-scanning.ts'
import { scansPushes } from './scanning/rules/scanning-rules.ts'
import { scanImage } from './scanning/scan-image.ts'
import type { Suppressions } from './scanning/suppressions.ts'
import type { TrustedKey } from './lib/public-keys.ts'

/** A rotation that was cut goes on, and a previous master key goes when its time has come. */
const finishRotationsEveryMs = 600_000
/** Events are kept for days: an hour more or less is nothing. */
const trimNotificationsEveryMs = 3_600_000

export interface Workers {
  start(): void
  /** Looks for work now. */
  wake(): void
  stop(): Promise<void>
  /** When the one that has stood still the longest last turned. */
  readonly lastTurnAt: Date
}

/** One for each lane. */
export function openWorkers(
  config: Config,
  foundation: Foundation,
  deps: ScannerDeps & {
    readonly feeds: FeedSources
    readonly posture: Pick<PostureKeeping, 'handlers'>
  },
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
): Workers {
  const { database, clock, ids } = foundation
  const jobs = { database, clock, ids, log: jobLog(log, metrics) }
  const handlers = {
    ...jobHandlers(config, foundation, { ...deps, log }),
    ...deps.posture.handlers,
  }
  const urgent = new JobWorker({ ...jobs, handlers, schedule: [], lane: lanes.urgent })
  const schedule = jobSchedule(config)
  const background = new JobWorker({ ...jobs, handlers, schedule, lane: lanes.background })
  const evaluation = new JobWorker({ ...jobs, handlers, schedule: [], lane: lanes.evaluation })
  const feedWorker = new JobWorker({
    ...jobs,
    handlers: feedHandlers(foundation, deps.feeds, log),
    schedule: feedSchedule(deps.feeds),
    lane: lanes.feeds,
  })
  const workers = [urgent, evaluation, background, feedWorker]
  return {
    start() {
      for (const worker of workers) worker.start()
    },
    wake() {
      for (const worker of [urgent, evaluation, background]) worker.wake()
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()))
    },
    get lastTurnAt() {
      return new Date(Math.min(...workers.map(({ lastTurnAt }) => lastTurnAt.getTime())))
    },
  }
}
const forgetEveryMs = 6 * 3_600_000
/** Batches of one job, so that others that wait have their turn. */
const forgetBatches = 50

const sweepSetsEveryMs = 24 * 3_600_000
/** They are kept for a week: an hour more is nothing. */
const expireExportsEveryMs = 3_600_000

/** What is done at the start and then again and again. */
function jobSchedule(
  config: Config,
): readonly { readonly kind: string; readonly everyMs: number }[] {
  return [
    { kind: collectJob, everyMs: config.gcEveryMinutes * 60_000 },
    { kind: finishRotationsJob, everyMs: finishRotationsEveryMs },
    { kind: sweepPackageSetsJob, everyMs: sweepSetsEveryMs },
    { kind: sweepPackagesJob, everyMs: sweepSetsEveryMs },
    { kind: expireExportsJob, everyMs: expireExportsEveryMs },
    ...scanSchedule,
    ...lifecycleSchedule,
    ...trustSchedule,
    ...signingSchedule,
    { kind: recordDeedsJob, everyMs: recordDeedsEveryMs },
    ...admissionSchedule,
    ...postureSchedule,
    { kind: trimNotificationsJob, everyMs: trimNotificationsEveryMs },
    { kind: forgetAdvisoriesJob, everyMs: forgetEveryMs },
  ]
}

/** How often it is looked what is due; less often where nothing is due so soon. */
const lookForDueMs = 5 * 60_000

function feedSchedule({ everyMs }: FeedSources): ReturnType<typeof jobSchedule> {
  if (everyMs === 0) return []
  return [{ kind: scheduleFeedsJob, everyMs: Math.min(lookForDueMs, everyMs) }]
}

/** What each kind of job about feeds does; how it ended is told in few words. */
function feedHandlers(
  foundation: Foundation,
  sources: FeedSources,
  log: Log,
): Readonly<Record<string, JobHandler>> {
  const deps = { ...foundation, ...sources }
  const notices = new FeedNotices()
  const tell = (refresh: PartRefresh | undefined): void => {
    const notice = refresh && notices.about(refresh)
    if (notice !== undefined) log[notice.level](notice.line)
  }
  return {
    [scheduleFeedsJob]: () => scheduleFeeds(deps),
    [refreshFeedJob]: async (input, options) => tell(await refreshFeed(deps, input, options)),
    [refreshPartJob]: async (input, options) => tell(await refreshPartOf(deps, input, options)),
  }
}

interface ScannerDeps {
  readonly layers: LayerReaders
  readonly verifiers: Verifiers
  readonly suppressions: Suppressions
  readonly vexKeys: readonly TrustedKey[]
  readonly signing: SigningDeps
  /** What the audit log is told by jobs. */
  readonly trail: { readonly jobs: Readonly<Record<string, JobHandler>> }
}

/** What each kind of job does. */
function jobHandlers(
  config: Config,
  foundation: Foundation,
  {
    layers,
    verifiers,
    suppressions,
    vexKeys,
    signing,
    trail,
    log,
  }: ScannerDeps & { readonly log: Log },
): Readonly<Record<string, JobHandler>> {
  const { database, blobs } = foundation
  const contentOf = (repositoryId: number): ReturnType<typeof openImageContent> =>
    openImageContent({ reader: database, blobs }, repositoryId)
  const referrers = { ...foundation, contentOf, keys: vexKeys }
  return {
    ...lifecycleJobHandlers(config, foundation),
    ...trustJobHandlers(config, foundation, {
      verifiers,
      onUnknown: (arn) => log.warn({ event: 'signing.unknown', arn }),
    }),
    ...signingJobHandlers(config, foundation, signing),
    ...trail.jobs,
    ...admissionJobHandlers(config, foundation, suppressions),
    ...scanJobHandlers(config.defaults, foundation, { suppressions, contentOf }),
    ...exportHandlers(foundation, { region: config.region, suppressions }),
    [collectJob]: (_, { signal }) => collectSlice(config, foundation, signal),
    [forgetAdvisoriesJob]: (_, options) => forgetSlice(config, foundation, options),
    [finishRotationsJob]: (_, options) => finishRotations(foundation, options),
    [applyCveFactsJob]: (input, options) =>
      applyCveFacts(
        { ...foundation, epssThresholds: () => listEpssThresholds(database) },
        input,
        options,
      ),
    [countFindingsJob.kind]: (_, options) => countFindings(foundation, options),
    [sweepPackageSetsJob]: (_, options) => sweepPackageSets(foundation, options),
    [sweepPackagesJob]: (_, options) =>
      sweepPackages(foundation, { historyDays: config.advisoryHistoryDays }, options),
    [holdOlderScansJob]: (_, options) => holdOlderScans(foundation, options),
    [trimNotificationsJob]: (_, options) =>
      trimNotifications(foundation, config.notifications, options),
    [reevaluateJob]: (input, options) => reevaluatePackages(foundation, input, options),
    [removeReferrersJob]: async (input) => {
      await removeMoreReferrers(foundation, removalOf(input))
    },
    [scanImageJob]: (input, options) =>
      scanImage({ ...foundation, layers, contentOf, suppressions }, imageKey(input), options),
    [rejudgeVexJob]: (_, options) => rejudgeVex(referrers, options),
    [readOlderVexJob]: (input, options) => readOlderVex(referrers, input, options),
    async [imagePushedJob](input, options) {
      const key = imageKey(input)
      const repository = await findRepositoryById(database, key.repositoryId)
      const scanning = { reader: database, defaults: config.defaults }
      if (repository !== undefined && scansPushes(await resolveScanning(scanning, repository)))
        await requestScansOfPush(foundation, contentOf(key.repositoryId), key, repository.account)
      await readVexReferrers(referrers, key, options)
    },
  }
}

async function forgetSlice(
  { advisoryHistoryDays: days }: Config,
  { database, clock }: Foundation,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  const deps = { database, clock, oldestInUse: findOldestLeftRevision }
  const { isDone } = await forgetAdvisories(deps, { days, maxBatches: forgetBatches }, options)
  if (isDone) return
  const again = {
    kind: forgetAdvisoriesJob,
    key: 'scheduled',
    input: {},
    priority: housekeepingPriority,
  }
  await database.transaction((tx) => enqueue(tx, again, clock.now()))
}

const collectJob = 'collect-storage'
/** Batches of one job: others that wait have their turn between two of them. */
const collectSteps = 50
/** A collection takes a quarter of the server's time at most. */
const collectRestTimes = 3

async function collectSlice(
  config: Config,
  foundation: Foundation,
  signal: AbortSignal,
): Promise<void> {
  const { database, clock } = foundation
  const deps = collectorOf(config, foundation)
  const days = config.gcUntaggedAfterDays
  const untaggedOlderThanMs = days === undefined ? undefined : days * 86_400_000
  const input = { askedBy: 'schedule', untaggedOlderThanMs, maxSteps: collectSteps } as const
  const { isOpen } = await collectStorage(deps, input, { signal })
  if (!isOpen) return
  const again = { kind: collectJob, key: 'scheduled', input: {}, priority: housekeepingPriority }
  await database.transaction((tx) => enqueue(tx, again, clock.now()))
}

/** Within a week of collections the whole store is swept for orphans. */
export function collectorOf(config: Config, foundation: Foundation): CollectDeps {
  const orphanShards = Math.ceil((shardCount * config.gcEveryMinutes) / (7 * 24 * 60))
  return {
    ...foundation,
    graceMs: graceOf(config),
    orphanShards,
    restTimes: collectRestTimes,
  }
}

/** Of a blob that no manifest needs, in milliseconds. */
export function graceOf(config: Config): number {
  return config.gcGraceHours * 3_600_000
}

function removalOf(input: unknown): Parameters<typeof removeMoreReferrers>[1] {
  if (typeof input === 'object' && input !== null && 'subject' in input) {
    const { repositoryId, digest: subject } = imageKey({ ...input, digest: input.subject })
    if ('principal' in input) return { repositoryId, subject, principal: String(input.principal) }
  }
  throw new Error('a job about referrers does not name their subject')
}

/** What jobs about an image are given; written by this program, so another shape is a fault. */
function imageKey(input: unknown): { readonly repositoryId: number; readonly digest: Digest } {
  if (typeof input === 'object' && input !== null && 'repositoryId' in input && 'digest' in input) {
    const { repositoryId } = input
    const digest = parseDigest(String(input.digest))
    if (typeof repositoryId === 'number' && digest !== undefined) return { repositoryId, digest }
  }
  throw new Error('a job about an image does not name one')
}

/** Tells of each job that ended in the log and in the metrics. */
function jobLog(log: Log, metrics: Metrics): WorkerLog {
  return {
    jobDone(job, ms) {
      metrics.observeJob(job.kind, 'done', ms / 1000)
      log.info({ event: 'job', kind: job.kind, key: job.key, attempt: job.attempt, ms })
    },
    jobFailed(job, error, retryAt) {
      metrics.observeJob(job.kind, 'failed', 0)
      const { kind, key, attempt } = job
      log.error({ event: 'job.failed', kind, key, attempt, retryAt, err: error })
    },
    loopFailed: (error) => log.error({ event: 'jobs.stopped', err: error }),
  }
}
