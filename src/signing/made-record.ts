import { tellDeed } from '../audit/own-deeds.ts'
import type { SqlWriter } from '../storage/database/database.ts'
import type { SigningJob } from './job-store.ts'
import { jobArn, profileVersionArn } from './rules/profile.ts'
import { signingKeyArn } from './rules/signing-key-arn.ts'
import type { AccountId } from '../policy/account-id.ts'

/** In the transaction that keeps the job: the audit log has every signature that a profile made, and for whom. */
export async function tellSignature(
  tx: SqlWriter,
  region: string,
  { job, isStamped }: { readonly job: SigningJob; readonly isStamped: boolean },
  repositoryName?: string,
): Promise<void> {
  const { account, profile: name, version, digest, id, requestedBy } = job
  await tellDeed(
    tx,
    {
      account,
      name: 'pratique:SignatureMade',
      by: 'signing',
      resource: profileVersionArn(region, { account, name, version }),
      parameters: {
        digest,
        principalArn: requestedBy,
        jobArn: jobArn(region, account, id),
        ...(repositoryName === undefined ? {} : { repositoryName }),
      },
      outcome: { isStamped },
    },
    job.createdAt,
  )
}

/** The same of a named key, which has no job. */
export async function tellKeySignature(
  tx: SqlWriter,
  region: string,
  made: {
    readonly account: AccountId
    readonly name: string
    readonly digest: string
    readonly by: string
    readonly isStamped: boolean
  },
  now: Date,
): Promise<void> {
  const { account, name, digest, by, isStamped } = made
  await tellDeed(
    tx,
    {
      account,
      name: 'pratique:SignatureMade',
      by: 'signing',
      resource: signingKeyArn(region, account, name),
      parameters: { digest, principalArn: by },
      outcome: { isStamped },
    },
    now,
  )
}
