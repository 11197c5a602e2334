import { Type } from 'typebox'
import {
  attachPolicy,
  detachPolicy,
  listAttachedPolicies,
  listEntitiesForPolicy,
} from '../../../access/attached-policies.ts'
import type { PolicyOwner, PolicyOwnerKind } from '../../../access/policy-owner-store.ts'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import type { IamDeps } from './call.ts'
import { arn, paging, pathPrefix } from './inputs.ts'
import { pageOf, sliceOf } from './page.ts'
import { policyOwners, policyPath, policyUsage } from './policy-inputs.ts'
import { ownerAuthorization, ownerIn } from './policy-owner.ts'

const ownerOperations: readonly QueryOperation<IamDeps>[] = policyOwners.flatMap(
  ({ kind, verb, nameMember }) => [
    queryOperation({
      name: `Attach${verb}Policy`,
      input: Type.Object({ ...nameMember, PolicyArn: arn }),
      action: `iam:Attach${verb}Policy`,
      resources: ownerAuthorization(kind).resources,
      keys: async (input, scope, deps: IamDeps) => ({
        ...(await ownerAuthorization(kind).keys(input, scope, deps)),
        'iam:PolicyARN': input.PolicyArn,
      }),
      run: async (deps: IamDeps, input, { caller }) => {
        await attachPolicy(deps, {
          owner: ownerIn(kind, caller, input),
          policyArn: input.PolicyArn,
        })
        return undefined
      },
    }),
    queryOperation({
      name: `Detach${verb}Policy`,
      input: Type.Object({ ...nameMember, PolicyArn: arn }),
      action: `iam:Detach${verb}Policy`,
      resources: ownerAuthorization(kind).resources,
      keys: async (input, scope, deps: IamDeps) => ({
        ...(await ownerAuthorization(kind).keys(input, scope, deps)),
        'iam:PolicyARN': input.PolicyArn,
      }),
      run: async (deps: IamDeps, input, { caller }) => {
        await detachPolicy(deps, {
          owner: ownerIn(kind, caller, input),
          policyArn: input.PolicyArn,
        })
        return undefined
      },
    }),
    queryOperation({
      name: `ListAttached${verb}Policies`,
      input: Type.Object({ ...nameMember, PathPrefix: Type.Optional(policyPath), ...paging }),
      action: `iam:ListAttached${verb}Policies`,
      ...ownerAuthorization(kind),
      run: async (deps: IamDeps, input, call) => {
        const owner = ownerIn(kind, call.caller, input)
        const asked = { owner, pathPrefix: input.PathPrefix ?? '/' }
        const attached = await listAttachedPolicies({ reader: deps.database }, asked)
        const request = { operation: `ListAttached${verb}Policies`, call, inputs: asked, input }
        // Ten at most, so a marker holds a place in the list and need not hold an ARN.
        const all = [...attached.entries()]
        const page = await pageOf(deps, request, sliceOf(all, placeOf), placeOf)
        return {
          AttachedPolicies: page.entries.map(([, one]) => ({
            PolicyName: one.name,
            PolicyArn: one.arn,
          })),
          ...page.paging,
        }
      },
    }),
  ],
)

function placeOf([place]: readonly [number, unknown]): string {
  return String(place)
}

const ownerKinds: ReadonlyMap<string, PolicyOwnerKind> = new Map([
  ['User', 'user'],
  ['Role', 'role'],
  ['Group', 'group'],
])

export const attachmentOperations: readonly QueryOperation<IamDeps>[] = [
  ...ownerOperations,
  queryOperation({
    name: 'ListEntitiesForPolicy',
    input: Type.Object({
      PolicyArn: arn,
      EntityFilter: Type.Optional(
        Type.Enum(['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy']),
      ),
      PathPrefix: Type.Optional(pathPrefix),
      PolicyUsageFilter: policyUsage,
      ...paging,
    }),
    action: 'iam:ListEntitiesForPolicy',
    resources: ({ PolicyArn }) => [PolicyArn],
    run: async (deps: IamDeps, input, call) => {
      const { EntityFilter: filter, PathPrefix = '/', PolicyArn, PolicyUsageFilter: usage } = input
      const kind = ownerKinds.get(filter ?? '')
      const inputs = { PolicyArn, filter, PathPrefix, usage }
      const request = { operation: 'ListEntitiesForPolicy', call, inputs, input }
      const read = async (page: { readonly after: string; readonly limit: number }) => {
        const entities = await listEntitiesForPolicy(
          { reader: deps.database },
          call.caller.accountId,
          {
            policyArn: PolicyArn,
            usage,
            kind,
            pathPrefix: PathPrefix,
            after: entityOf(page.after),
            limit: page.limit,
          },
        )
        // A filter for policies leaves no entity: a policy is attached to none.
        return filter !== undefined && kind === undefined ? [] : entities
      }
      const page = await pageOf(deps, request, read, ({ kind: of, name }) => `${of}/${name}`)
      return { ...entitiesShape(page.entries), ...page.paging }
    },
  }),
]

function entityOf(
  cursor: string,
): { readonly kind: PolicyOwnerKind; readonly name: string } | undefined {
  const [, kind, name] = /^(user|role|group)\/(.+)$/.exec(cursor) ?? []
  const known = [...ownerKinds.values()].find((one) => one === kind)
  return known === undefined || name === undefined ? undefined : { kind: known, name }
}

function entitiesShape(owners: readonly PolicyOwner[]): QueryStructure {
  const of = (kind: PolicyOwnerKind): readonly PolicyOwner[] =>
    owners.filter((owner) => owner.kind === kind)
  return {
    PolicyGroups: of('group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
    PolicyUsers: of('user').map(({ name, id }) => ({ UserName: name, UserId: id })),
    PolicyRoles: of('role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
  }
}
