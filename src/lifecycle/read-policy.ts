import type { AccountId } from '../policy/account-id.ts'
import type { Repository } from '../registry/repository-store.ts'
import { listRunningDigests } from '../running/cluster-image-store.ts'
import type { SqlReader } from '../storage/database/database.ts'
import { lifecycleError } from './errors.ts'
import { findGuardText } from './guard-store.ts'
import { faultText } from './rules/document-reader.ts'
import { guardsOf, withRunning } from './rules/lifecycle-guard.ts'
import type { LifecyclePolicy } from './rules/lifecycle-policy.ts'
import { noGuards, parseGuards, type GuardDocument } from './rules/parse-guards.ts'
import { parseLifecycle, type LifecycleLimits } from './rules/parse-lifecycle.ts'

/** More than these stand in no message. */
const toldFaults = 3

/** The policy, or LIFECYCLE_POLICY_INVALID with the first faults. */
export function readPolicy(text: string, limits: LifecycleLimits): LifecyclePolicy {
  const read = parseLifecycle(text, { limits })
  if (read.kind === 'read') return read.policy
  const told = read.faults.slice(0, toldFaults).map(faultText)
  const more = read.faults.length > toldFaults ? [`${read.faults.length - toldFaults} more`] : []
  const message = `Lifecycle policy validation failure: ${[...told, ...more].join('; ')}`
  throw lifecycleError('LIFECYCLE_POLICY_INVALID', message)
}

/** One that is stored was read when it was put; a limit that came later does not undo it. */
export function readStoredPolicy(text: string): LifecyclePolicy {
  return readPolicy(text, 'secure')
}

/** Those of the account, with the text that they stand in. */
async function readGuards(
  reader: SqlReader,
  account: AccountId,
): Promise<GuardDocument & { readonly text: string | undefined }> {
  const text = await findGuardText(reader, account)
  if (text === undefined) return { ...noGuards, text }
  const read = parseGuards(text)
  // Guards that could not be read must not become none.
  if (read.kind === 'refused') throw new Error(`the guards of account ${account} cannot be read`)
  return { ...read.document, text }
}

/** Those that concern a repository, with what runs of it where they ask for that. */
export async function readGuardsOf(
  reader: SqlReader,
  { account, name }: Pick<Repository, 'account' | 'name'>,
): Promise<Awaited<ReturnType<typeof readGuards>>> {
  const document = await readGuards(reader, account)
  const guards = guardsOf(document.guards, name)
  const asksForRunning = guards.some(({ runningInClusters }) => runningInClusters)
  if (!asksForRunning) return { ...document, guards }
  const digests = await listRunningDigests(reader, { account, repository: name })
  return { ...document, guards: withRunning(guards, digests) }
}
