// Purpose:  which account and repository does a host and a written name address?
// Spec:     Pratique's design, "Addresses"; ECR's host names ACCOUNT.dkr.ecr.REGION.BASE.
// Input:    the Host header and the name from the path; hostile.
// Deviates: nothing.
// Unknowns: an account that does not exist is not an account: its digits are an ordinary first segment.
import { parseAccountId, type AccountId } from '../policy/account-id.ts'
import { parseRepositoryName } from '../oci/repository-name.ts'
import type { RepositoryAddress } from '../registry/repository-store.ts'

export interface AddressDeps {
  readonly defaultAccount: AccountId
  readonly isAccount: (id: string) => Promise<boolean>
}

/** The account that the host or the first segment names, else the default one; undefined for a name that is none. */
export async function addressOf(
  deps: AddressDeps,
  host: string | undefined,
  writtenName: string,
): Promise<RepositoryAddress | undefined> {
  const slash = writtenName.indexOf('/')
  const bySegment = slash === -1 ? undefined : parseAccountId(writtenName.slice(0, slash))
  if (bySegment !== undefined && (await deps.isAccount(bySegment))) {
    const name = parseRepositoryName(writtenName.slice(slash + 1))
    return name === undefined ? undefined : { account: bySegment, name }
  }
  const name = parseRepositoryName(writtenName)
  return name === undefined ? undefined : { account: await accountOfHost(deps, host), name }
}

export async function accountOfHost(
  deps: AddressDeps,
  host: string | undefined,
): Promise<AccountId> {
  const byHost = parseAccountId(/^([0-9]{12})\./.exec(host ?? '')?.[1] ?? '')
  return byHost !== undefined && (await deps.isAccount(byHost)) ? byHost : deps.defaultAccount
}
