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
import type { Foundation } from './foundation.ts'
import type { Log } from './lib/log.ts'

/** Seals the log: who can write its files, and has not this key, cannot write a history. The same after a rotation. */
export function auditKeyOf({ auditKey }: Foundation): AuditKey {
  return auditKey
}

const maxSegmentBytes = 64 * 1024 * 1024

/** What the doors and the rooms of a server have of its audit log. */
export interface AuditTrail {
  /** Records what passes the doors of an app; to be called once. */
  watch(app: Parameters<typeof auditRequests>[0]): RequestAuditor
  /** Nothing may be changed that cannot be recorded. */
  holding(authorize: Authorizer): Authorizer
  readonly cloudTrail: CloudTrailDeps
  readonly rooms: AuditRooms
  close(): Promise<void>
}

export async function openAuditTrail(
  config: Config,
  log: Log,
  foundation: Foundation,
): Promise<AuditTrail> {
  const { segments, clock, ids, keyring } = foundation
  const { account, region, audit } = config
  const auditLog = await openAuditLog(config, log, foundation)
  return {
    watch: (app) => auditRequests(app, { ...audit, log: auditLog, clock, ids, region, account }),
    holding: (authorize) => refuseUnrecordable(authorize, auditLog),
    cloudTrail: {
      search: (input, options) => searchLog({ segments, log: auditLog }, input, options),
      pagingKey: keyring.keysOf('paging'),
      ids,
    },
    rooms: auditRooms(config, foundation, auditLog),
    close: () => auditLog.close(),
  }
}

/** Of a log that nothing is told of: whatever cannot be recorded is refused. */
export function auditLogDeps(config: Config, foundation: Foundation): AuditLogDeps {
  const { segments, clock } = foundation
  const { keepDays } = config.audit
  return {
    segments,
    clock,
    key: auditKeyOf(foundation),
    onFault: () => undefined,
    onRecovered: () => undefined,
    settings: { isRequired: true, keepDays, maxSegmentBytes },
  }
}

async function openAuditLog(config: Config, log: Log, foundation: Foundation): Promise<AuditLog> {
  const deps = auditLogDeps(config, foundation)
  return AuditLog.open({
    ...deps,
    onFault: (error) => log.error({ event: 'audit.failing', err: error }),
    onRecovered: () => log.info({ event: 'audit.recovered' }),
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
