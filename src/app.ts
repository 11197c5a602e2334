// The composition root: the only place that makes drivers and hands them to rooms.
import fastify, { type FastifyInstance } from 'fastify'
import { authorize } from './access/authorize.ts'
import { findActiveAccessKey } from './access/find-access-key.ts'
import { createAdministrator } from './access/create-administrator.ts'
import { accountExists } from './access/principal-store.ts'
import { deriveKey } from './access/rules/seal.ts'
import type { Config } from './config.ts'
import type { AddressDeps } from './edges/address.ts'
import { serveAws, type AwsEdge } from './edges/aws/serve-aws.ts'
import { basicAuthenticator } from './edges/authenticate.ts'
import { createMetrics, type Metrics } from './edges/health/metrics.ts'
import { serveHealth } from './edges/health/serve-health.ts'
import { observeRequests } from './edges/observe.ts'
import { serveDownloads } from './edges/oci/serve-downloads.ts'
import { serveOci } from './edges/oci/serve-oci.ts'
import { countJobs, releaseAllLeases } from './jobs/queue.ts'
import { JobWorker, type JobHandler, type WorkerLog } from './jobs/worker.ts'
import { systemClock, type Clock } from './lib/clock.ts'
import { systemIds, type Ids } from './lib/ids.ts'
import type { Log } from './lib/log.ts'
import { programVersion } from './lib/program-version.ts'
import { collectStorage } from './registry/collect-storage.ts'
import { LiveHashes } from './registry/live-hashes.ts'
import { releaseAllUploads } from './registry/upload-store.ts'
import type { BlobStore } from './storage/blobs/blob-store.ts'
import { openFilesystemBlobs } from './storage/blobs/filesystem.ts'
import {
  dataPaths,
  lockDirectory,
  prepareDirectories,
  readIfThere,
  readOrMakeMasterKey,
  removeServerFile,
  writePrivately,
  type DataPaths,
} from './storage/data-directory.ts'
import type { Database } from './storage/database/database.ts'
import { migrate } from './storage/database/migrate.ts'
import { openSqlite, sqliteDialect } from './storage/database/sqlite.ts'

/** A setting or a state of the machine that a person must mend; told without a stack. */
export class StartError extends Error {}

export interface RunningApp {
  readonly url: string
  readonly paths: DataPaths
  /** Whether this start made the credentials. */
  readonly isFirstStart: boolean
  /** Refuses new work, lets running requests and the running job end, closes everything. */
  close(): Promise<void>
}

interface Foundation {
  readonly paths: DataPaths
  readonly database: Database
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  readonly masterKey: Buffer
  readonly isFirstStart: boolean
  close(): Promise<void>
}

/** Opens the data directory (made if it is not there), starts the workers and listens. */
export async function openApp(config: Config, log: Log): Promise<RunningApp> {
  const foundation = await openFoundation(config)
  try {
    return await startServer(config, log, foundation)
  } catch (error) {
    await foundation.close()
    throw error
  }
}

/** Makes data directory, keys and credentials without serving. */
export async function initialise(
  config: Config,
): Promise<{ readonly paths: DataPaths; readonly isFirstStart: boolean }> {
  const { paths, isFirstStart, close } = await openFoundation(config)
  await close()
  return { paths, isFirstStart }
}

async function openFoundation(config: Config): Promise<Foundation> {
  const [clock, ids] = [systemClock, systemIds]
  const paths = dataPaths(config.dataDirectory)
  await prepareDirectoriesOrSay(paths)
  const lock = lockDirectory(paths)
  if (lock === undefined) throw new StartError(await whoHasLock(paths))
  try {
    const masterKey = await readOrMakeMasterKey(paths, ids)
    const database = openSqlite(paths.database)
    await migrate(database, sqliteDialect)
    const made = await createAdministrator(
      { database, clock, ids, accessKeyKey: deriveKey(masterKey, 'access-key') },
      { account: config.account, deliver: (key) => writeCredentials(paths, config, key) },
    )
    await database.transaction(async (tx) => {
      await releaseAllLeases(tx)
      await releaseAllUploads(tx)
    })
    const close = async (): Promise<void> => {
      await database.close()
      lock.release()
    }
    const blobs = openFilesystemBlobs(paths.blobs)
    return {
      paths,
      database,
      blobs,
      clock,
      ids,
      masterKey,
      isFirstStart: made === 'created',
      close,
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function prepareDirectoriesOrSay(paths: DataPaths): Promise<void> {
  try {
    await prepareDirectories(paths)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unknown'
    const message = `the data directory ${paths.root} cannot be used: ${why}; set PRATIQUE_DATA to a directory that this user can write`
    throw new StartError(message, { cause })
  }
}

async function whoHasLock(paths: DataPaths): Promise<string> {
  const server = await readIfThere(paths.server)
  const known: unknown = server === undefined ? {} : JSON.parse(server)
  const by = typeof known === 'object' && known !== null && 'url' in known && 'pid' in known
  const who = by ? ` (process ${String(known.pid)}, ${String(known.url)})` : ''
  return `another server is using ${paths.root}${who}: stop it, or give this one a directory of its own with PRATIQUE_DATA`
}

async function writeCredentials(
  paths: DataPaths,
  config: Config,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
  const lines = [
    '[default]',
    `aws_access_key_id = ${key.accessKeyId}`,
    `aws_secret_access_key = ${key.secretAccessKey}`,
    `region = ${config.region}`,
  ]
  await writePrivately(paths.credentials, `${lines.join('\n')}\n`)
}

async function startServer(config: Config, log: Log, foundation: Foundation): Promise<RunningApp> {
  const { database, blobs, clock, ids, paths } = foundation
  const metrics = createMetrics({ queuedJobs: () => countJobs(database) })
  const worker = new JobWorker({
    database,
    clock,
    ids,
    log: jobLog(log, metrics),
    handlers: jobHandlers(foundation),
    schedule: [{ kind: 'collect-storage', everyMs: 10 * 60_000 }],
  })
  let draining = false
  let url = config.url ?? ''
  const app = createHttpServer()
  observeRequests(app, { ids, log, metrics })
  serveHealth(app, {
    metrics,
    version: await programVersion(),
    isDraining: () => draining,
    checks: [
      { name: 'database', probe: async () => void (await database.first('SELECT 1 AS one')) },
      { name: 'blobs', probe: () => blobs.probe() },
      { name: 'jobs', probe: async () => requireTurning(worker, clock) },
    ],
  })
  serveDoors(app, { config, log, foundation, url: () => url, wake: () => worker.wake() })
  await listen(app, config)
  url = config.url ?? listeningUrl(app)
  worker.start()
  await writePrivately(paths.server, serverFile(config, url, clock))
  return {
    url,
    paths,
    isFirstStart: foundation.isFirstStart,
    async close() {
      draining = true
      await app.close()
      await worker.stop()
      await removeServerFile(paths)
      await foundation.close()
    },
  }
}

interface Doors {
  readonly config: Config
  readonly log: Log
  readonly foundation: Foundation
  readonly url: () => string
  readonly wake: () => void
}

function serveDoors(app: FastifyInstance, doors: Doors): void {
  const { config, log, foundation, url, wake } = doors
  const { database, blobs, clock, ids, masterKey } = foundation
  const addresses: AddressDeps = {
    defaultAccount: config.account,
    isAccount: (id) => accountExists(database, id),
  }
  const accessKeyKey = deriveKey(masterKey, 'access-key')
  const tokenKey = deriveKey(masterKey, 'ecr-token')
  const authenticate = basicAuthenticator({ reader: database, clock, tokenKey, accessKeyKey })
  const onFault = (error: unknown, requestId: string): void =>
    log.error({ event: 'fault', requestId, err: error })
  const uploads = { database, blobs, clock, ids, hashes: new LiveHashes() }
  const { region } = config
  const judge: AwsEdge['authorize'] = (caller, request) =>
    authorize({ reader: database }, caller, request)
  const downloadKey = deriveKey(masterKey, 'download')
  serveOci(app, {
    ...addresses,
    region,
    url,
    authenticate,
    authorize: judge,
    onFault,
    rooms: { ...uploads, reader: database, onPush: wake },
  })
  serveDownloads(app, { reader: database, blobs, clock, downloadKey })
  serveAws(app, {
    region,
    authorize: judge,
    onFault,
    findKey: (id) => findActiveAccessKey({ reader: database, accessKeyKey }, id),
    ecr: {
      ...uploads,
      region,
      url,
      defaults: config.defaults,
      isAccount: addresses.isAccount,
      tokenKey,
      downloadKey,
      pagingKey: deriveKey(masterKey, 'paging'),
      wake,
    },
  })
}

function jobHandlers(foundation: Foundation): Readonly<Record<string, JobHandler>> {
  return {
    'collect-storage': (input, options) => collectStorage(foundation, input, options),
    'image-pushed': async () => Promise.resolve(),
  }
}

function createHttpServer(): FastifyInstance {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    // A connection on which nothing moves for two minutes is over; a slow transfer is not.
    connectionTimeout: 120_000,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    http: { maxHeaderSize: 32 * 1024, headersTimeout: 20_000 },
    routerOptions: { maxParamLength: 4096 },
  })
  // Bodies are read by the doors themselves, as streams and within their own bounds.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null)
  })
  return app
}

async function listen(app: FastifyInstance, config: Config): Promise<void> {
  const { host, port } = config.listen
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') {
      const message = `port ${port} on ${host} is in use: stop what uses it, or choose another with PRATIQUE_LISTEN=${host}:PORT`
      throw new StartError(message, { cause })
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      const message = `cannot listen on ${host}:${port} (${code}): choose another address with PRATIQUE_LISTEN`
      throw new StartError(message, { cause })
    }
    throw cause
  }
}

function listeningUrl(app: FastifyInstance): string {
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}

function serverFile(config: Config, url: string, clock: Clock): string {
  const { account, region } = config
  const startedAt = clock.now().toISOString()
  return `${JSON.stringify({ url, pid: process.pid, account, region, startedAt })}\n`
}

function requireTurning(worker: JobWorker, clock: Clock): void {
  const idleMs = clock.now().getTime() - worker.lastTurnAt.getTime()
  if (idleMs > 90_000) throw new Error(`the job worker has stood still for ${idleMs} ms`)
}

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
