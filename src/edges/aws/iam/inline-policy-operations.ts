import { Type } from 'typebox'
import {
  deletePolicyOf,
  getPolicyOf,
  listPolicyNamesOf,
  putPolicyOf,
} from '../../../access/inline-policies.ts'
import type { PolicyOwner } from '../../../access/policy-owner-store.ts'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import type { IamDeps } from './call.ts'
import { encodedDocument } from './policy-document.ts'
import { document, longName, paging } from './inputs.ts'
import { pageOf, sliceOf } from './page.ts'
import { ownerAuthorization, ownerIn } from './policy-owner.ts'
import { policyOwners } from './policy-inputs.ts'

export const inlinePolicyOperations: readonly QueryOperation<IamDeps>[] = policyOwners.flatMap(
  ({ kind, verb, nameMember }) => [
    queryOperation({
      name: `Put${verb}Policy`,
      input: Type.Object({
        ...nameMember,
        PolicyName: longName,
        PolicyDocument: document,
      }),
      action: `iam:Put${verb}Policy`,
      ...ownerAuthorization(kind),
      run: async (deps: IamDeps, input, { caller }) => {
        const policy = { name: input.PolicyName, document: input.PolicyDocument }
        await putPolicyOf(deps, { owner: ownerIn(kind, caller, input), policy })
        return undefined
      },
    }),
    queryOperation({
      name: `Get${verb}Policy`,
      input: Type.Object({ ...nameMember, PolicyName: longName }),
      action: `iam:Get${verb}Policy`,
      ...ownerAuthorization(kind),
      run: async ({ database }: IamDeps, input, { caller }) => {
        const asked = { owner: ownerIn(kind, caller, input), name: input.PolicyName }
        const { owner, policy } = await getPolicyOf({ reader: database }, asked)
        return {
          ...nameShape(owner),
          PolicyName: policy.name,
          PolicyDocument: encodedDocument(policy.document),
        }
      },
    }),
    queryOperation({
      name: `Delete${verb}Policy`,
      input: Type.Object({ ...nameMember, PolicyName: longName }),
      action: `iam:Delete${verb}Policy`,
      ...ownerAuthorization(kind),
      run: async (deps: IamDeps, input, { caller }) => {
        await deletePolicyOf(deps, { owner: ownerIn(kind, caller, input), name: input.PolicyName })
        return undefined
      },
    }),
    queryOperation({
      name: `List${verb}Policies`,
      input: Type.Object({ ...nameMember, ...paging }),
      action: `iam:List${verb}Policies`,
      ...ownerAuthorization(kind),
      run: async (deps: IamDeps, input, call) => {
        const owner = ownerIn(kind, call.caller, input)
        const names = await listPolicyNamesOf({ reader: deps.database }, owner)
        const request = { operation: `List${verb}Policies`, call, inputs: owner, input }
        const page = await pageOf(deps, request, sliceOf(names, lowerCase), lowerCase)
        return { PolicyNames: page.entries, ...page.paging }
      },
    }),
  ],
)

function lowerCase(text: string): string {
  return text.toLowerCase()
}

function nameShape({ kind, name }: PolicyOwner): QueryStructure {
  switch (kind) {
    case 'user':
      return { UserName: name }
    case 'role':
      return { RoleName: name }
    case 'group':
      return { GroupName: name }
  }
}
