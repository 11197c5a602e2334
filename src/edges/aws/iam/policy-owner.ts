import type { Caller } from '../../../access/caller.ts'
import type { OwnerAddress } from '../../../access/inline-policies.ts'
import { findPolicyOwner, type PolicyOwnerKind } from '../../../access/policy-owner-store.ts'
import { groupArn, roleArn, userArn } from '../../../policy/arn.ts'
import type { QueryScope, RequestKeys } from '../protocol/query-operation.ts'
import type { IamDeps } from './call.ts'
import { entityKeys } from './resources.ts'

const nameMembers = {
  user: 'UserName',
  role: 'RoleName',
  group: 'GroupName',
} as const satisfies Record<PolicyOwnerKind, string>

/** Of the caller's account. The input is of a model that requires the name of that kind of owner. */
export function ownerIn(
  kind: PolicyOwnerKind,
  { accountId: account }: Caller,
  input: object,
): OwnerAddress {
  const name = new Map<string, unknown>(Object.entries(input)).get(nameMembers[kind])
  if (typeof name !== 'string') throw new Error(`the model does not require ${nameMembers[kind]}`)
  return { account, kind, name }
}

export function arnOfOwner({
  kind,
  account,
  name,
  path,
}: OwnerAddress & { readonly path?: string }): string {
  switch (kind) {
    case 'user':
      return userArn(account, name, path)
    case 'role':
      return roleArn(account, name, path)
    case 'group':
      return groupArn(account, name, path)
  }
}

/** What an operation about the policies of such an owner is authorised for, and by which keys. */
export function ownerAuthorization(kind: PolicyOwnerKind): {
  readonly resources: (
    input: object,
    scope: QueryScope,
    deps: IamDeps,
  ) => Promise<readonly string[]>
  readonly keys: (input: object, scope: QueryScope, deps: IamDeps) => Promise<RequestKeys>
} {
  return {
    // Who is not there is asked about under no path, so that the answer is AccessDenied before it is NoSuchEntity.
    async resources(input, { caller }, { database }) {
      const owner = ownerIn(kind, caller, input)
      return [arnOfOwner((await findPolicyOwner(database, owner.account, owner)) ?? owner)]
    },
    async keys(input, { caller }, { database }) {
      const owner = ownerIn(kind, caller, input)
      const found = await findPolicyOwner(database, owner.account, owner)
      return found === undefined ? {} : entityKeys(database, found)
    },
  }
}
