import { enqueue } from '../jobs/queue.ts'
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlWriter } from '../storage/database/database.ts'
import { trustError } from './errors.ts'
import { reevaluateJobOf } from './evaluation-jobs.ts'
import { followPublicRoot, leavePublicRoot } from './public-root-store.ts'
import type { ChangedTrust } from './put-trust-policy.ts'
import { materialChanges, materialOnlyAdds } from './rules/compare-trust.ts'
import {
  parseKey,
  parseRoot,
  parseStore,
  type KeyWindow,
  type MaterialReading,
} from './rules/parse-trust-material.ts'
import type { StoredMaterial } from './rules/trust-material.ts'
import type { MaterialReference } from './rules/trust-policy.ts'
import {
  countMaterial,
  deleteMaterialRow,
  findMaterial,
  writeMaterial,
} from './trust-material-store.ts'
import { growRevision, listPoliciesNaming } from './trust-policy-store.ts'

interface Deps {
  readonly database: Database
  readonly clock: Clock
}

const maxMaterial = 1000

export interface MaterialInput {
  readonly account: AccountId
  readonly reference: MaterialReference
  readonly text: string
  /** Of keys. */
  readonly window: KeyWindow
  /** ARN. */
  readonly by: string
  /** A root that follows the public instance; without it one is whoever put it's own. */
  readonly isPublic?: boolean
}

/** In place of what had the name. Evidence under policies that name it counts on only where nothing that was trusted went. */
export async function putTrustMaterial(
  { database, clock }: Deps,
  input: MaterialInput,
): Promise<ChangedTrust> {
  const { account, reference, by } = input
  const read = readMaterial(input)
  if (read.kind === 'refused') {
    const message = `${reference.kind} ${reference.name}: ${read.reason}`
    throw trustError('TRUST_MATERIAL_INVALID', message)
  }
  const { material } = read
  return database.transaction(async (tx) => {
    const before = await findMaterial(tx, account, reference)
    if (before === undefined && (await countMaterial(tx, account)) >= maxMaterial) {
      const message = `account ${account} has ${maxMaterial} stores, keys and roots`
      throw trustError('TRUST_MATERIAL_TOO_MUCH', message)
    }
    const now = clock.now()
    const version = await writeMaterial(tx, account, { material, by }, now)
    if (input.isPublic === true) await followPublicRoot(tx, { account, name: reference.name, by })
    else if (reference.kind === 'root') await leavePublicRoot(tx, account, reference.name)
    await spread(tx, account, { before: before?.material, after: material }, now)
    const { name } = reference
    return { name, version, changes: materialChanges(before?.material, material) }
  })
}

function readMaterial({ reference, text, window }: MaterialInput): MaterialReading {
  const { kind, name } = reference
  if (kind === 'key') return parseKey(name, text, window)
  return kind === 'store' ? parseStore(name, text) : parseRoot(name, text)
}

/** Policies that name it have a new revision. */
async function spread(
  tx: SqlWriter,
  account: AccountId,
  change: { readonly before: StoredMaterial | undefined; readonly after: StoredMaterial },
  now: Date,
): Promise<void> {
  const { before, after } = change
  const adds = before === undefined || materialOnlyAdds(before, after)
  const policies = await listPoliciesNaming(tx, account, after)
  for (const policy of policies) await growRevision(tx, account, policy, { onlyAdds: adds })
  if (policies.length > 0) await enqueue(tx, reevaluateJobOf(account), now)
}

/** TRUST_MATERIAL_NAMED while a policy names it. */
export async function deleteTrustMaterial(
  { database, clock }: Deps,
  input: {
    readonly account: AccountId
    readonly reference: MaterialReference
    readonly by: string
  },
): Promise<ChangedTrust> {
  const { account, reference, by } = input
  const { kind, name } = reference
  return database.transaction(async (tx) => {
    const before = await findMaterial(tx, account, reference)
    if (before === undefined)
      throw trustError('TRUST_MATERIAL_UNKNOWN', `account ${account} has no ${kind} ${name}`)
    const policies = await listPoliciesNaming(tx, account, reference)
    if (policies.length > 0) {
      const message = `${kind} ${name} is named by ${policies.map((one) => JSON.stringify(one)).join(', ')}`
      throw trustError('TRUST_MATERIAL_NAMED', message, { policies })
    }
    await deleteMaterialRow(tx, account, { reference, by }, clock.now())
    if (kind === 'root') await leavePublicRoot(tx, account, name)
    const changes = materialChanges(before.material, undefined)
    return { name, version: before.version + 1, changes }
  })
}
