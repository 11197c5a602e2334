// The audit log of a server, bound to the foundation.
import { Readable } from 'node:stream'
import { AuditLog, type AuditLogDeps } from './audit/audit-log.ts'
import type { AuditKey } from './audit/rules/chain.ts'
import { refuseUnrecordable } from './audit/refuse-unrecordable.ts'
import { exportLog } from './audit/export-log.ts'
import { searchLog } from './audit/search-log.ts'
import { verifyFiles, verifyLog } from './audit/verify-log.ts'
import type { Authorizer } from './access/authorize.ts'
import type { Config } from './config.ts'
import { auditRequests, type RequestAuditor } from './edges/audit-requests.ts'
import type { CloudTrailDeps } from './edges/aws/cloudtrail/lookup-events.ts'
import type { AuditRooms } from './edges/control/audit-routes.ts'
import type { Metrics } from './edges/health/metrics.ts'
import type { Foundation } from './foundation.ts'
import type { Log } from './lib/log.ts'
import type { LogFactDeps } from './posture/log-facts.ts'

/** Seals the log: who can write its files, and has not this key, cannot write a history. The same after a rotation. */
export function auditKeyOf({ auditKey }: Foundation): AuditKey {
  return auditKey
}

/** What the log takes of the disk. */
export async function auditBytesOf({ segments }: Foundation): Promise<number> {
  return (await segments.stored()).reduce((sum, { storedBytes }) => sum + storedBytes, 0)
}

const mostSegmentBytes = 64 * 1024 * 1024
/** Of the greatest size: the oldest that gives way is a part of the log, and not nearly all of it. */
const segmentsAtMax = 4

/** What the doors and the rooms of a server have of its audit log. */
export interface AuditTrail {
  /** Records what passes the doors of an app; to be called once. */
  watch(
    app: Parameters<typeof auditRequests>[0],
    onChange: Parameters<typeof auditRequests>[1]['onChange'],
  ): RequestAuditor
  /** Nothing may be changed that cannot be recorded. */
  holding(authorize: Authorizer): Authorizer
  readonly cloudTrail: CloudTrailDeps
  readonly rooms: AuditRooms
  /** What a posture is judged by. */
  readonly facts: LogFactDeps
  close(): Promise<void>
}

export async function openAuditTrail(
  config: Config,
  told: { readonly log: Log; readonly metrics: Pick<Metrics, 'observeAuditRemoval'> },
  foundation: Foundation,
): Promise<AuditTrail> {
  const { segments, clock, ids, keyring } = foundation
  const { account, region, audit } = config
  const auditLog = await openAuditLog(config, told, foundation)
  return {
    watch: (app, onChange) =>
      auditRequests(app, { ...audit, log: auditLog, clock, ids, region, account, onChange }),
    holding: (authorize) => refuseUnrecordable(authorize, auditLog),
    cloudTrail: {
      search: (input, options) => searchLog({ segments, log: auditLog }, input, options),
      pagingKey: keyring.keysOf('paging'),
      ids,
    },
    rooms: auditRooms(config, foundation, auditLog),
    facts: {
      ownAccount: account,
      searchAuditLog: (input, options) => searchLog({ segments, log: auditLog }, input, options),
      async *verifyAuditLog(options) {
        const position = await auditLog.position()
        const key = auditKeyOf(foundation)
        yield* verifyLog({ segments, key }, { position, anchor: undefined }, options)
      },
    },
    close: () => auditLog.close(),
  }
}

/** Of a log that nothing is told of: whatever cannot be recorded is refused. */
export function auditLogDeps(config: Config, foundation: Foundation): AuditLogDeps {
  const { segments, clock } = foundation
  const { keepDays, maxBytes, atMax } = config.audit
  const share = maxBytes === undefined ? mostSegmentBytes : Math.floor(maxBytes / segmentsAtMax)
  const maxSegmentBytes = Math.min(mostSegmentBytes, share)
  return {
    segments,
    clock,
    key: auditKeyOf(foundation),
    onFault: () => undefined,
    onRecovered: () => undefined,
    onRemoved: () => undefined,
    onUnpacked: () => undefined,
    settings: { isRequired: true, keepDays, maxBytes, atMax, maxSegmentBytes },
  }
}

async function openAuditLog(
  config: Config,
  { log, metrics }: { readonly log: Log; readonly metrics: Pick<Metrics, 'observeAuditRemoval'> },
  foundation: Foundation,
): Promise<AuditLog> {
  const deps = auditLogDeps(config, foundation)
  return AuditLog.open({
    ...deps,
    onFault: (error) => log.error({ event: 'audit.failing', err: error }),
    onRecovered: () => log.info({ event: 'audit.recovered' }),
    onRemoved: (removed) => {
      log.warn({ event: 'audit.removed-oldest', ...removed })
      metrics.observeAuditRemoval(removed.count)
    },
    onUnpacked: (error) => log.warn({ event: 'audit.not-compressed', err: error }),
    settings: { ...deps.settings, isRequired: config.audit.isRequired },
  })
}

function auditRooms(config: Config, foundation: Foundation, log: AuditLog): AuditRooms {
  const { segments, clock } = foundation
  const key = auditKeyOf(foundation)
  return {
    ownAccount: config.account,
    searchAuditLog: (input, options) => searchLog({ segments, log }, input, options),
    async *verifyAuditLog({ anchor }, options) {
      const position = await log.position()
      yield* verifyLog({ segments, key }, { position, anchor }, options)
    },
    verifyAuditExport: ({ pieces }, options) => {
      const known = { key, anchor: undefined, head: undefined, mayBeginAnywhere: true }
      return verifyFiles(known, Readable.from([{ name: 'export', pieces }]), options)
    },
    exportAuditLog: (input, options) => exportLog({ segments, log, key, clock }, input, options),
    anchorAuditLog: () => log.anchor(),
  }
}
