// The composition root: the only place that makes drivers and hands them to rooms.
import type { FastifyInstance } from 'fastify'
import { openAdmission, type Admission } from './admission-rooms.ts'
import { openDecisions } from './access/decisions.ts'
import { encodeAuthorizationMessage } from './access/encoded-message.ts'
import { gatheringForTrust } from './access/gather-for-trust.ts'
import { KeySets } from './access/oidc/key-sets.ts'
import { policyRooms } from './edges/control/policy-rooms.ts'
import { findSigningKey } from './access/find-signing-key.ts'
import { readPolicyEpoch } from './access/policy-epoch-store.ts'
import { accountExists } from './access/account-store.ts'
import { recordingUse } from './access/record-use.ts'
import { auditBytesOf, openAuditTrail, type AuditTrail } from './auditing.ts'
import { graceOf, openWorkers, type Workers } from './background.ts'
import type { Config } from './config.ts'
import type { AddressDeps } from './edges/address.ts'
import { createAuthenticator } from './edges/authenticate.ts'
import { openFeedSources } from './feed-sources.ts'
import { refuseWhileDraining } from './edges/draining.ts'
import { serveAws } from './edges/aws/serve-aws.ts'
import { spellControlError } from './edges/control/errors.ts'
import { serveControl } from './edges/control/serve-control.ts'
import { createMetrics } from './edges/health/metrics.ts'
import { serveHealth } from './edges/health/serve-health.ts'
import { createHttpServer } from './edges/http-server.ts'
import { observeRequests } from './edges/observe.ts'
import { serveDownloads } from './edges/oci/serve-downloads.ts'
import { serveOci } from './edges/oci/serve-oci.ts'
import { serveToken } from './edges/oci/serve-token.ts'
import {
  asStartError,
  openFoundation,
  StartError,
  systemDrivers,
  type Drivers,
  type Foundation,
} from './foundation.ts'
import { countJobs, enqueue, housekeepingPriority } from './jobs/queue.ts'
import { BufferPool } from './lib/buffer-pool.ts'
import { ByteBudget } from './lib/byte-budget.ts'
import type { Clock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import { createOutboundFetch } from './lib/outbound-fetch.ts'
import { openFileLimit } from './lib/open-file-limit.ts'
import { programVersion } from './lib/program-version.ts'
import { LiveHashes } from './registry/live-hashes.ts'
import { openImageContent } from './registry/open-image-content.ts'
import { describeAdvisories } from './scanning/describe-advisories.ts'
import { discardUnfinishedImport } from './scanning/discard-unfinished-import.ts'
import { installStarterAdvisories } from './scanning/install-starter-advisories.ts'
import { rejudgeVexJob } from './scanning/read-vex-referrers.ts'
import { openSuppressions } from './scanning/suppressions.ts'
import { keysHashOf } from './scanning/vex-keys-hash.ts'
import { openLayerReaders } from './scanning/read-layer.ts'
import { removeServerFile, writePrivately, type DataPaths } from './storage/data-directory.ts'
import { isStorageFault, nameStorageFault } from './storage/storage-full.ts'
import { requestReevaluation } from './trust/reevaluate-trust.ts'
import { VerifiersAside } from './trust/verify-aside.ts'
import { requestRenewals } from './scan-jobs.ts'
import { openPosture, type PostureKeeping } from './posture-rooms.ts'
import { controlRooms, type ControlDeps } from './control-rooms.ts'
import { witnessPush } from './trust/request-signings.ts'
import { withdrawSignerTrust } from './trust/withdraw-signer-trust.ts'
import { connectionGuard, listen, listeningUrl } from './listening.ts'
import { measureNotifications, openNotifying, type Notifying } from './notifying.ts'
import { readBundleKeys, readVexKeys } from './trusted-keys.ts'
import { openInspector } from './inspecting.ts'
import { signingDeps } from './signing-jobs.ts'

export { StartError }

/** Eight layer parts of the largest size at once; what comes on top is told to come again. */
const maxApiBodyBytes = 256 * 1024 * 1024

export interface RunningApp {
  readonly url: string
  readonly paths: DataPaths
  /** Whether this start made the credentials. */
  readonly isFirstStart: boolean
  /** One line about the vulnerability data: `starter set`, `3 sources, 2 h old`. */
  readonly dataSummary: string
  /** Refuses new work, lets running requests and the running job end, closes everything. */
  close(): Promise<void>
}

/** Opens the data directory (made if it is not there), starts the workers and listens. */
export async function openApp(
  config: Config,
  log: Log,
  drivers: Drivers = systemDrivers,
): Promise<RunningApp> {
  try {
    return await startOn(await openFoundation(config, drivers), config, log)
  } catch (error) {
    throw asStartError(config, error)
  }
}

async function startOn(foundation: Foundation, config: Config, log: Log): Promise<RunningApp> {
  try {
    return await startServer(config, log, foundation)
  } catch (error) {
    await foundation.close()
    throw error
  }
}

async function startServer(config: Config, log: Log, foundation: Foundation): Promise<RunningApp> {
  const { database, blobs, clock, ids, paths } = foundation
  const dataSummary = await prepareAdvisories(foundation)
  const vexKeys = await readVexKeys(config.vexKeysFile)
  const feeds = openFeedSources(config, foundation)
  const bundleKeys = await readBundleKeys(config.bundleKeysFile)
  await requestRejudging(foundation)
  await requestRenewals(foundation)
  await requestReevaluation(foundation)
  let url = config.url ?? ''
  const { region } = config
  const hosts = (): readonly string[] => hostsOf(config, url)
  const suppressions = openSuppressions({ reader: database, clock, region, keys: vexKeys, hosts })
  const layers = openLayerReaders({ workers: config.scanWorkers })
  const verifiers = new VerifiersAside({ clock })
  const metrics = createMetrics({
    queuedJobs: () => countJobs(database),
    auditBytes: () => auditBytesOf(foundation),
    notifications: () => measureNotifications(foundation),
  })
  const trail = await openAuditTrail(config, { log, metrics }, foundation)
  const given = { suppressions, url: () => url, audit: trail.facts, wake: () => workers.wake() }
  const posture = openPosture(config, foundation, given)
  const scanner = { layers, verifiers, suppressions, vexKeys, feeds, posture }
  const workers = openWorkers(config, foundation, scanner, { log, metrics })
  const notifying = openNotifying(config, { log, metrics, suppressions }, foundation)
  const { notifier } = notifying
  let draining = false
  const guard = connectionGuard(config, log, clock, await openFileLimit())
  const app = createHttpServer(guard, (made) => observeRequests(made, { ids, log, metrics }))
  refuseWhileDraining(app, () => draining)
  serveHealth(app, {
    metrics,
    version: await programVersion(),
    isDraining: () => draining,
    checks: [
      { name: 'database', probe: async () => void (await database.first('SELECT 1 AS one')) },
      { name: 'blobs', probe: () => blobs.probe() },
      { name: 'jobs', probe: async () => requireTurning(workers, clock) },
    ],
  })
  const wake = (): void => {
    workers.wake()
    notifier.wake()
  }
  const admission = openAdmission(config, foundation, { suppressions, log, url: () => url })
  admission.serve(app)
  serveDoors(app, {
    admission,
    config,
    log,
    foundation,
    layers,
    verifiers,
    trail,
    wake,
    suppressions,
    feeds,
    notifying,
    posture,
    url: () => url,
    vexKeysHash: keysHashOf(vexKeys),
    bundleKeys,
  })
  await listen(app, config)
  url = config.url ?? listeningUrl(app)
  await admission.open(app)
  workers.start()
  notifier.start()
  await tellWhereServed(paths, serverFile(config, url, clock), log)
  return {
    url,
    paths,
    isFirstStart: foundation.isFirstStart,
    dataSummary,
    async close() {
      draining = true
      await admission.close()
      await app.close()
      await trail.close()
      guard.stop()
      await workers.stop()
      await notifier.stop()
      await layers.close()
      await verifiers.close()
      await removeServerFile(paths)
      await foundation.close()
    },
  }
}

interface Doors extends ControlDeps {
  readonly config: Config
  readonly log: Log
  readonly foundation: Foundation
  readonly trail: AuditTrail
  readonly url: () => string
  readonly notifying: Notifying
  readonly admission: Admission
  readonly posture: PostureKeeping
}

function serveDoors(app: FastifyInstance, doors: Doors): void {
  const { config, log, foundation, trail, url, wake, suppressions, notifying, admission, posture } =
    doors
  const { database, blobs, clock, ids, keyring } = foundation
  const addresses: AddressDeps = {
    defaultAccount: config.account,
    isAccount: (id) => accountExists(database, id),
  }
  const accessKeyKey = keyring.keysOf('access-key')
  const tokenKey = keyring.keysOf('ecr-token')
  const bearerKey = keyring.keysOf('bearer')
  const sessionKey = keyring.keysOf('session')
  const { region, maxOpenUploads, defaults } = config
  const recordUse = recordingUse(foundation)
  const credentials = {
    reader: database,
    clock,
    tokenKey,
    accessKeyKey,
    bearerKey,
    sessionKey,
    policyEpoch: () => readPolicyEpoch(database),
    ...(config.anonymousPull === 'on' ? { anonymousAccount: config.account } : {}),
  }
  const authenticator = createAuthenticator({
    ...credentials,
    recordUse: (principal) => recordUse(principal, { service: 'ecr', region }),
  })
  const onFault = (error: unknown, requestId: string): void =>
    log.error({ event: 'fault', requestId, err: error })
  const graceMs = graceOf(config)
  const hashes = new LiveHashes()
  const uploads = { database, blobs, clock, ids, hashes, graceMs, maxOpenUploads }
  const installation = { region, organization: config.organization }
  const isAnonymousPullOn = config.anonymousPull === 'on'
  const messageKey = keyring.keysOf('authorization-message')
  const decisions = openDecisions({
    reader: database,
    clock,
    ...installation,
    encodeMessage: (denied) => encodeAuthorizationMessage({ clock, ids, messageKey }, denied),
  })
  const { authorize: ask, authorizeUnder: askUnder, prepareRepositories } = decisions
  const audit = trail.watch(app, posture.changed)
  const downloadKey = keyring.keysOf('download')
  const pagingKey = keyring.keysOf('paging')
  const buffers = new BufferPool()
  const registry = {
    ...addresses,
    region,
    url,
    configuredUrl: config.url,
    authorize: ask,
    ask,
    authorizeAsMade: decisions.authorizeAsMade,
    defaults,
    isAnonymousPullOn,
    audit,
    onFault,
  }
  serveToken(app, {
    ...registry,
    reader: database,
    authenticator,
    issue: { clock, ids, bearerKey },
  })
  serveOci(app, {
    ...registry,
    authenticate: authenticator.header,
    deniedHead: config.deniedHead,
    couldAllow: decisions.couldAllow,
    prepareRepositories,
    rooms: {
      ...uploads,
      reader: database,
      buffers,
      onPush: wake,
      witnessPush: witnessPush(region),
      gatePull: admission.gatePull,
    },
  })
  serveDownloads(app, { reader: database, blobs, buffers, clock, downloadKey, onFault })
  serveAws(app, {
    region,
    clockSkewMinutes: config.clockSkewMinutes,
    authorize: trail.holding(ask),
    ask,
    askUnder,
    audit,
    onFault,
    recordUse,
    findKey: (id, sessionToken) => findSigningKey(credentials, id, sessionToken),
    bodies: new ByteBudget(maxApiBodyBytes),
    cloudTrail: trail.cloudTrail,
    inspector: openInspector(app, foundation, { region, suppressions, url, wake, defaults }),
    signer: {
      ...signingDeps(region, foundation),
      pagingKey,
      defaults,
      onRevoked: withdrawSignerTrust,
      onUnknown: (arn) => log.warn({ event: 'signing.unknown', arn }),
    },
    iam: { database, clock, ids, accessKeyKey, pagingKey },
    sts: {
      region,
      database,
      clock,
      ids,
      sessionKey,
      messageKey,
      keySets: new KeySets({
        clock,
        fetch: createOutboundFetch(),
        onFailure: (issuer, reason) => log.warn({ event: 'oidc.unreachable', issuer, reason }),
      }),
      gatherForTrust: gatheringForTrust({
        ...decisions,
        clock,
        region,
        organization: config.organization,
      }),
    },
    ecr: {
      ...uploads,
      region,
      url,
      defaults,
      isAccount: addresses.isAccount,
      gatePull: admission.gatePull,
      tokenKey,
      downloadKey,
      pagingKey,
      contentOf: (repositoryId) => openImageContent({ reader: database, blobs }, repositoryId),
      wake,
      witnessPush: witnessPush(region),
      suppressions,
      isAnonymousPullOn,
      prepareRepositories,
    },
  })
  serveControl(app, {
    region,
    authenticate: authenticator.basicHeader,
    authorize: trail.holding(ask),
    managingAccount: config.account,
    onFault,
    spell: spellControlError,
    rooms: {
      ...controlRooms(config, foundation, doors),
      ...trail.rooms,
      ...admission.rooms,
      ...notifying.rooms,
      ...posture.rooms,
      ...policyRooms({
        ...decisions,
        database,
        clock,
        ...installation,
        managingAccount: config.account,
        isAnonymousPullOn,
      }),
    },
  })
}

/** What was judged with the keys of another start is judged anew; until then it has no effect. */
async function requestRejudging({ database, clock }: Foundation): Promise<void> {
  const job = { kind: rejudgeVexJob, key: 'all', input: {}, priority: housekeepingPriority }
  await database.transaction((tx) => enqueue(tx, job, clock.now()))
}

/** Under which names a `repository_url` may mean this registry. */
function hostsOf({ account, region }: Config, url: string): readonly string[] {
  const own = URL.canParse(url) ? [new URL(url).host] : []
  return [...own, `${account}.dkr.ecr.${region}.amazonaws.com`]
}

/** What a killed import left goes; a first start gets the set that ships with the product. */
async function prepareAdvisories(foundation: Foundation): Promise<string> {
  await discardUnfinishedImport(foundation)
  const { signal } = new AbortController()
  await installStarterAdvisories(foundation, {}, { signal })
  const { sources, updatedAt, stale } = await describeAdvisories(foundation)
  const names = sources.map(({ name }) => name)
  const age = `${updatedAt?.toISOString().slice(0, 10) ?? 'no date'}${stale ? ', stale' : ''}`
  return names.length === 1 && names[0] === 'starter'
    ? 'starter set (npx pratique db update brings all)'
    : `${names.length} sources, ${age}`
}

/** For the command line on this machine; a server on a full disk answers without it. */
async function tellWhereServed(paths: DataPaths, content: string, log: Log): Promise<void> {
  try {
    await writePrivately(paths.server, content)
  } catch (error) {
    if (!isStorageFault(nameStorageFault(error))) throw error
    log.error({ event: 'disk.full', path: paths.server, err: error })
  }
}

function serverFile(config: Config, url: string, clock: Clock): string {
  const { account, region } = config
  const startedAt = clock.now().toISOString()
  return `${JSON.stringify({ url, pid: process.pid, account, region, startedAt })}\n`
}

function requireTurning(workers: Workers, clock: Clock): void {
  const idleMs = clock.now().getTime() - workers.lastTurnAt.getTime()
  if (idleMs > 90_000) throw new Error(`the job worker has stood still for ${idleMs} ms`)
}
