import type { Caller } from '../../../access/caller.ts'
import type { OwnerAddress } from '../../../access/inline-policies.ts'
import type { PolicyOwnerKind } from '../../../access/policy-owner-store.ts'
import type { RequestKeys } from '../../../access/request-context.ts'
import type { QueryScope } from '../protocol/query-operation.ts'
import type { IamDeps } from './call.ts'
import { ownerArn, ownerKeys } from './resources.ts'

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
    resources: async (input, { caller }, deps) => [
      await ownerArn(deps, ownerIn(kind, caller, input)),
    ],
    keys: async (input, { caller }, deps) => ownerKeys(deps, ownerIn(kind, caller, input)),
  }
}
