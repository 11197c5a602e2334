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
import { arn, paging, policyOwners, policyPath, policyUsage } from './policy-inputs.ts'
import { ownerAuthorization, ownerIn } from './policy-owner.ts'
import { cursorOf, defaultPageSize, pageOf, pagingShape } from './policy-page.ts'

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
      run: async (deps: IamDeps, input, { caller }) => {
        const owner = ownerIn(kind, caller, input)
        const pathPrefix = input.PathPrefix ?? '/'
        const attached = await listAttachedPolicies(
          { reader: deps.database },
          { owner, pathPrefix },
        )
        const inputs = { owner, pathPrefix }
        const asked = { ...input, operation: `ListAttached${verb}Policies`, inputs }
        // Ten at most, so a marker may hold a place in the list and need not hold an ARN.
        const page = pageOf(deps, asked, [...attached.entries()], ([place]) => String(place))
        return {
          AttachedPolicies: page.items.map(([, one]) => ({
            PolicyName: one.name,
            PolicyArn: one.arn,
          })),
          ...page.paging,
        }
      },
    }),
  ],
)

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
      PathPrefix: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 512,
          pattern: String.raw`^(\u002F)|(\u002F[\u0021-\u007E]+\u002F)$`,
        }),
      ),
      PolicyUsageFilter: policyUsage,
      ...paging,
    }),
    action: 'iam:ListEntitiesForPolicy',
    resources: ({ PolicyArn }) => [PolicyArn],
    run: async (deps: IamDeps, input, { caller }) => {
      const kind = ownerKinds.get(input.EntityFilter ?? '')
      const inputs = { ...input, Marker: undefined, MaxItems: undefined, account: caller.accountId }
      const page = { ...input, operation: 'ListEntitiesForPolicy', inputs }
      const limit = input.MaxItems ?? defaultPageSize
      const entities = await listEntitiesForPolicy({ reader: deps.database }, caller.accountId, {
        policyArn: input.PolicyArn,
        usage: input.PolicyUsageFilter,
        kind,
        pathPrefix: input.PathPrefix ?? '/',
        after: entityOf(cursorOf(deps, page)),
        limit: limit + 1,
      })
      // A filter for policies leaves no entity: a policy is attached to none.
      const isForPolicies = input.EntityFilter !== undefined && kind === undefined
      const shown = isForPolicies ? [] : entities.slice(0, limit)
      const last = shown.length < entities.length ? shown.at(-1) : undefined
      const next = last === undefined ? undefined : `${last.kind}/${last.name}`
      return { ...entitiesShape(shown), ...pagingShape(deps, page, next) }
    },
  }),
]

function entityOf(
  cursor: string | undefined,
): { readonly kind: PolicyOwnerKind; readonly name: string } | undefined {
  const [, kind, name] = /^(user|role|group)\/(.+)$/.exec(cursor ?? '') ?? []
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
