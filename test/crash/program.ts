// The server under test: the real app on traced drivers, which dies, fails and tells the time as the harness orders.
import { channel } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openApp, StartError } from '../../src/app.ts'
import { readConfig, type Config } from '../../src/config.ts'
import { systemDrivers } from '../../src/foundation.ts'
import { createLog } from '../../src/lib/log.ts'
import { installDiskFaults } from './disk-faults.ts'
import { nameRequest } from './name-request.ts'
import type { Finding, Order, Report } from './orders.ts'
import {
  segmentsAside,
  tracedBlobs,
  tracedDatabase,
  tracedKeyFile,
  withDurabilityNotes,
} from './traced-drivers.ts'
import { Tracer } from './tracer.ts'

const tracer = new Tracer()
let aheadMs = 0

const config = configOf(process.argv[2] ?? '')
channel('http.server.request.start').subscribe((message) => {
  const { request } = message as { readonly request: IncomingMessage }
  tracer.enter(nameRequest(request.method ?? '', request.url ?? '', request.headers))
})
process.on('message', (message) => {
  const { order, ...rest } = message as Order & { readonly order: number }
  report({ kind: 'done', order, finding: obey(rest) })
})
// Its harness is gone: nobody else would end it.
process.on('disconnect', () => process.exit(1))

const [first] = process.argv.slice(4)
if (first !== undefined) obey(JSON.parse(first) as Order)

try {
  await installDiskFaults(tracer, join(config.dataDirectory, 'blobs'))
  const app = await openApp(config, createLog(config.log === 'auto' ? 'silent' : config.log), {
    ...systemDrivers,
    clock: { now: () => new Date(Date.now() + aheadMs) },
    openDatabase: (file) => tracedDatabase(systemDrivers.openDatabase(file), tracer),
    openKeyFile: (path) => tracedKeyFile(systemDrivers.openKeyFile(path), tracer),
    openSegments: (path) => segmentsAside(systemDrivers.openSegments(path), tracer),
    openBlobs: (root) =>
      tracedBlobs(
        withDurabilityNotes(systemDrivers.openBlobs(root), join(root, '..', 'durable')),
        tracer,
      ),
  })
  process.on('SIGTERM', () => void app.close().then(() => process.exit(0)))
  tracer.isReady()
  // Kept at an orderly end, to which few of these servers come; the next ones need not compile it again.
  flushCompileCache()
  report({ kind: 'ready', url: app.url, pid: process.pid })
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  report({ kind: 'failed', message, isStartError: error instanceof StartError })
  process.exitCode = 1
  process.disconnect()
}

function configOf(flags: string): Config {
  const read = readConfig({
    flags: JSON.parse(flags) as Record<string, string>,
    // Events are what tells that a push was told: the clock of scenarios runs ahead by weeks.
    environment: { PRATIQUE_FEED_EVERY_MINUTES: '0', PRATIQUE_EVENTS_KEEP_DAYS: '3650' },
    cwd: '/',
  })
  if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
  aheadMs = Number(process.argv[3] ?? '0')
  return read.config
}

function obey(order: Order): Finding {
  switch (order.kind) {
    case 'kill':
      tracer.killAt(order.step, order.occurrence)
      return undefined
    case 'record':
      tracer.record()
      return undefined
    case 'recorded':
      return tracer.recorded()
    case 'fault':
      tracer.fail(order.fault)
      return undefined
    case 'mended':
      return tracer.mend()
    case 'clock':
      aheadMs = order.aheadMs
      return undefined
    case 'checkpoint':
      checkpoint()
      return undefined
  }
}

function checkpoint(): void {
  const connection = new DatabaseSync(join(config.dataDirectory, 'pratique.db'), { timeout: 5000 })
  tracer.reach('checkpoint', 'database log / before')
  try {
    connection.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // On a disk that fails the log keeps everything until the next one.
  }
  tracer.reach('checkpoint', 'database log / after')
  connection.close()
}

function report(message: Report): void {
  process.send?.(message)
}
