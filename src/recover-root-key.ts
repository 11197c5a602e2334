// A key of an account's root user, made by who holds the data directory: for when every key is lost and no server can be asked.
import { createRootKey, deleteRootKey } from './access/accounts.ts'
import { isAccessError } from './access/errors.ts'
import type { NewAccessKey } from './access/new-access-key.ts'
import { AuditLog } from './audit/audit-log.ts'
import { ownRequest } from './audit/own-request.ts'
import { RecordRenderer } from './audit/render-record.ts'
import { auditLogDeps } from './auditing.ts'
import type { Config } from './config.ts'
import { openFoundation, systemDrivers, StartError, type Foundation } from './foundation.ts'
import { requireRegistry } from './offline.ts'
import type { AccountId } from './policy/account-id.ts'
import { rootArn } from './policy/arn.ts'
import { dataPaths } from './storage/data-directory.ts'

export interface RecoveryInput {
  readonly account: AccountId
  /** Root has two keys at most: the ones that were lost go. */
  readonly replacesAll: boolean
}

/**
 * As `pratique account root-key` of a running server. StartError while a server uses the directory, for an account that is not there,
 * and where the key could not be recorded: nobody gets one that the audit log does not know.
 */
export async function recoverRootKey(config: Config, input: RecoveryInput): Promise<NewAccessKey> {
  await requireRegistry(dataPaths(config.dataDirectory))
  const foundation = await openFoundation(config, systemDrivers)
  try {
    const log = await AuditLog.open(auditLogDeps(config, foundation))
    try {
      return await makeRecorded(config, { foundation, log }, input)
    } finally {
      await log.close()
    }
  } finally {
    await foundation.close()
  }
}

async function makeRecorded(
  config: Config,
  { foundation, log }: { readonly foundation: Foundation; readonly log: AuditLog },
  { account: id, replacesAll }: RecoveryInput,
): Promise<NewAccessKey> {
  const { database, keyring } = foundation
  const deps = { ...foundation, accessKeyKey: keyring.keysOf('access-key') }
  const key = await createRootKey(deps, { id, replacesAll }).catch((cause: unknown) => {
    if (!isAccessError(cause)) throw cause
    const advice = cause.code === 'ENTITY_LIMIT' ? '; --replace deletes those there are' : ''
    throw new StartError(`${cause.message}${advice}`, { cause })
  })
  try {
    await log.recordDurably(recordOf(config, foundation, { id, key, replacesAll }))
    return key
  } catch (cause) {
    await deleteRootKey({ database }, { id, accessKeyId: key.accessKeyId })
    throw new StartError('no key was made: the audit log cannot be written', { cause })
  }
}

function recordOf(
  { account, region }: Config,
  { clock, ids }: Foundation,
  made: { readonly id: AccountId; readonly key: NewAccessKey; readonly replacesAll: boolean },
): string {
  const { id, key, replacesAll } = made
  const action = 'pratique:CreateRootKey'
  // Nobody showed a credential: whoever may write the files may.
  const request = ownRequest({
    requestId: ids.uuid(),
    account: id,
    service: 'data-directory.pratique',
    via: 'data-directory',
    sourceAddress: 'data-directory',
    operation: action,
    action,
    resource: rootArn(id),
    decision: 'allow',
    parameters: { accountId: id, force: replacesAll },
    responseElements: { accessKeyId: key.accessKeyId },
  })
  return new RecordRenderer({ account, region }).render(request, clock.now(), ids.uuid())
}
