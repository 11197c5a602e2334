// The audit log of a server, bound to the foundation.
import { Readable } from 'node:stream'
import { AuditLog } from './audit/audit-log.ts'
import type { AuditKey } from './audit/rules/chain.ts'
import { exportLog } from './audit/export-log.ts'
import { searchLog } from './audit/search-log.ts'
import { verifyFiles, verifyLog } from './audit/verify-log.ts'
import { deriveKey } from './access/rules/seal.ts'
import type { Config } from './config.ts'
import type { AuditRooms } from './edges/control/audit-routes.ts'
import type { Foundation } from './foundation.ts'
import type { Log } from './lib/log.ts'

/** Seals the log: who can write its files, and has not this key, cannot write a history. */
export function auditKeyOf({ masterKey }: Foundation): AuditKey {
  return deriveKey(masterKey, 'audit')
}

const maxSegmentBytes = 64 * 1024 * 1024

export async function openAuditLog(
  config: Config,
  log: Log,
  foundation: Foundation,
): Promise<AuditLog> {
  const { segments, clock } = foundation
  const { isRequired, keepDays } = config.audit
  return AuditLog.open({
    segments,
    clock,
    key: auditKeyOf(foundation),
    onFault: (error) => log.error({ event: 'audit.failing', err: error }),
    onRecovered: () => log.info({ event: 'audit.recovered' }),
    settings: { isRequired, keepDays, maxSegmentBytes },
  })
}

export function auditRooms(config: Config, foundation: Foundation, log: AuditLog): AuditRooms {
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
