// Purpose:  say whose pulls do not count as pulls: of scanners and copiers, which pull everything and use nothing.
// Spec:     Amazon ECR user guide, "Pull-time update exclusions"; API, RegisterPullTimeUpdateExclusion and DeregisterPullTimeUpdateExclusion.
// Input:    an ARN of the model's pattern; `account` owns the registry, the role may be of another.
// Deviates: the role need not be there: whether an account has a role is its own matter.
// Unknowns: an ARN of a user, or of another partition, names nobody whose pulls could be told apart here; it is refused.
import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { registryError } from './errors.ts'
import {
  countPullExclusions,
  deletePullExclusion,
  insertPullExclusion,
  isPullExcluded,
} from './pull-time-exclusion-store.ts'

/** Of an account's registry; AWS's. */
export const maxPullExclusions = 100

/** From now on. PULL_EXCLUSION_INVALID, PULL_EXCLUSION_EXISTS, PULL_EXCLUSIONS_TOO_MANY. */
export async function registerPullTimeExclusion(
  deps: { readonly database: Database; readonly clock: Clock },
  input: { readonly account: AccountId; readonly roleArn: string; readonly by: string },
): Promise<{ readonly registeredAt: Date }> {
  const { account, roleArn } = input
  if (!/^arn:aws:iam::[0-9]{12}:role\/./.test(roleArn)) {
    const message = `principalArn ${roleArn} is not the ARN of an IAM role (arn:aws:iam::ACCOUNT:role/NAME); only pulls of roles can be excluded`
    throw registryError('PULL_EXCLUSION_INVALID', message)
  }
  const registeredAt = deps.clock.now()
  await deps.database.transaction(async (tx) => {
    if (await isPullExcluded(tx, account, roleArn)) {
      const message = `pulls of principalArn ${roleArn} are excluded already in the registry with id '${account}'`
      throw registryError('PULL_EXCLUSION_EXISTS', message)
    }
    if ((await countPullExclusions(tx, account)) >= maxPullExclusions) {
      const message = `the registry with id '${account}' excludes ${maxPullExclusions} roles, which is as many as it may`
      throw registryError('PULL_EXCLUSIONS_TOO_MANY', message, { maxPullExclusions })
    }
    await insertPullExclusion(tx, account, input, registeredAt)
  })
  return { registeredAt }
}

/** The role's next pull counts again. PULL_EXCLUSION_UNKNOWN. */
export async function deregisterPullTimeExclusion(
  { database }: { readonly database: Database },
  { account, roleArn }: { readonly account: AccountId; readonly roleArn: string },
): Promise<void> {
  const wasThere = await database.transaction((tx) => deletePullExclusion(tx, account, roleArn))
  if (wasThere) return
  const message = `pulls of principalArn ${roleArn} are not excluded in the registry with id '${account}'`
  throw registryError('PULL_EXCLUSION_UNKNOWN', message)
}
