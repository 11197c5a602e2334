import { Type } from 'typebox'
import { listIdentityTags } from '../../../access/identity-tag-store.ts'
import { tagIdentity, untagIdentity, type OwnerLookup } from '../../../access/identity-tags.ts'
import {
  createPolicy,
  deletePolicy,
  findPolicy,
  getPolicy,
  listPolicies,
  requireOwnPolicy,
  type PolicySummary,
} from '../../../access/managed-policies.ts'
import {
  createPolicyVersion,
  deletePolicyVersion,
  getPolicyVersion,
  listPolicyVersions,
  setDefaultPolicyVersion,
  versionUnknown,
} from '../../../access/managed-policy-versions.ts'
import type { RequestKeys } from '../../../access/request-context.ts'
import { managedPolicyArn } from '../../../policy/managed/policy-arn.ts'
import {
  queryOperation,
  type QueryCall,
  type QueryOperation,
  type QueryScope,
} from '../protocol/query-operation.ts'
import { ifTagged, tagKeys, tags } from '../protocol/tag-inputs.ts'
import type { IamDeps } from './call.ts'
import { encodedDocument } from './policy-document.ts'
import { arn, description, document, longName, paging } from './inputs.ts'
import { pageOf, sliceOf } from './page.ts'
import { policyPath, policyUsage, versionId } from './policy-inputs.ts'
import { policyShape, versionShape } from './policy-shape.ts'
import { entityKeys, requestTagKeys, tagsOf } from './resources.ts'
import { tagsShape } from './shapes.ts'
import { tagPage } from './tag-page.ts'

const version = Type.Object({ PolicyArn: arn, VersionId: versionId })
/** About a policy that is there: its ARN, its tags. */
const aboutPolicy = { resources: policyResource, keys: policyKeys }

export const managedPolicyOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'CreatePolicy',
    input: Type.Object({
      PolicyName: longName,
      Path: Type.Optional(policyPath),
      PolicyDocument: document,
      Description: Type.Optional(description),
      Tags: Type.Optional(tags),
    }),
    action: 'iam:CreatePolicy',
    furtherActions: ifTagged('iam:TagPolicy'),
    resources: ({ PolicyName, Path }, { caller }) => [
      managedPolicyArn(caller.accountId, Path ?? '/', PolicyName),
    ],
    keys: ({ Tags }) => requestTagKeys(Tags),
    run: async (deps: IamDeps, input, { caller }) => {
      const made = await createPolicy(deps, {
        account: caller.accountId,
        name: input.PolicyName,
        path: input.Path ?? '/',
        description: input.Description,
        document: input.PolicyDocument,
        tags: tagsOf(input.Tags),
      })
      return { Policy: { ...policyShape(made), ...tagsShape(tagsOf(input.Tags)) } }
    },
  }),
  queryOperation({
    name: 'GetPolicy',
    input: Type.Object({ PolicyArn: arn }),
    action: 'iam:GetPolicy',
    ...aboutPolicy,
    run: async ({ database }: IamDeps, input, { caller }) => {
      const asked = { account: caller.accountId, arn: input.PolicyArn }
      const policy = await getPolicy({ reader: database }, asked)
      const held = tagsShape(await listIdentityTags(database, policy.id))
      return { Policy: { ...policyShape(policy), Description: policy.description, ...held } }
    },
  }),
  queryOperation({
    name: 'ListPolicies',
    input: Type.Object({
      Scope: Type.Optional(Type.Enum(['All', 'AWS', 'Local'])),
      OnlyAttached: Type.Optional(Type.Boolean()),
      PathPrefix: Type.Optional(policyPath),
      PolicyUsageFilter: policyUsage,
      ...paging,
    }),
    action: 'iam:ListPolicies',
    resources: () => ['*'],
    run: async (deps: IamDeps, input, call) => {
      const { accountId: account } = call.caller
      const { Scope: scope = 'All', OnlyAttached, PathPrefix, PolicyUsageFilter } = input
      const policies = await listPolicies({ reader: deps.database }, { account, scope })
      const shown = policies
        .filter((policy) => isAskedFor(policy, input))
        .toSorted((a, b) => (policyOrder(a) < policyOrder(b) ? -1 : 1))
      const inputs = { scope, OnlyAttached, PathPrefix, PolicyUsageFilter }
      const request = { operation: 'ListPolicies', call, inputs, input }
      const page = await pageOf(deps, request, sliceOf(shown, policyOrder), policyOrder)
      return { Policies: page.entries.map(policyShape), ...page.paging }
    },
  }),
  queryOperation({
    name: 'DeletePolicy',
    input: Type.Object({ PolicyArn: arn }),
    action: 'iam:DeletePolicy',
    ...aboutPolicy,
    run: async (deps: IamDeps, input, { caller }) => {
      await deletePolicy(deps, { account: caller.accountId, arn: input.PolicyArn })
      return undefined
    },
  }),
  queryOperation({
    name: 'CreatePolicyVersion',
    input: Type.Object({
      PolicyArn: arn,
      PolicyDocument: document,
      SetAsDefault: Type.Optional(Type.Boolean()),
    }),
    action: 'iam:CreatePolicyVersion',
    ...aboutPolicy,
    run: async (deps: IamDeps, input, { caller }) => {
      const made = await createPolicyVersion(deps, {
        account: caller.accountId,
        arn: input.PolicyArn,
        document: input.PolicyDocument,
        setAsDefault: input.SetAsDefault ?? false,
      })
      return { PolicyVersion: versionShape(made) }
    },
  }),
  queryOperation({
    name: 'GetPolicyVersion',
    input: version,
    action: 'iam:GetPolicyVersion',
    ...aboutPolicy,
    run: async ({ database }: IamDeps, input, { caller }) => {
      const asked = {
        account: caller.accountId,
        arn: input.PolicyArn,
        version: numberOf(input),
      }
      const found = await getPolicyVersion({ reader: database }, asked)
      return {
        PolicyVersion: { Document: encodedDocument(found.document), ...versionShape(found) },
      }
    },
  }),
  queryOperation({
    name: 'ListPolicyVersions',
    input: Type.Object({ PolicyArn: arn, ...paging }),
    action: 'iam:ListPolicyVersions',
    ...aboutPolicy,
    run: async (deps: IamDeps, input, call) => {
      const address = { account: call.caller.accountId, arn: input.PolicyArn }
      const versions = await listPolicyVersions({ reader: deps.database }, address)
      const request = { operation: 'ListPolicyVersions', call, inputs: address.arn, input }
      // Five at most, the newest first: a marker holds a place in the list.
      const all = [...versions.entries()]
      const page = await pageOf(deps, request, sliceOf(all, placeOf), placeOf)
      return { Versions: page.entries.map(([, one]) => versionShape(one)), ...page.paging }
    },
  }),
  queryOperation({
    name: 'SetDefaultPolicyVersion',
    input: version,
    action: 'iam:SetDefaultPolicyVersion',
    ...aboutPolicy,
    run: async (deps: IamDeps, input, { caller }) => {
      const chosen = numberOf(input)
      const address = { account: caller.accountId, arn: input.PolicyArn }
      await setDefaultPolicyVersion(deps, { ...address, version: chosen })
      return undefined
    },
  }),
  queryOperation({
    name: 'DeletePolicyVersion',
    input: version,
    action: 'iam:DeletePolicyVersion',
    ...aboutPolicy,
    run: async (deps: IamDeps, input, { caller }) => {
      const chosen = numberOf(input)
      const address = { account: caller.accountId, arn: input.PolicyArn }
      await deletePolicyVersion(deps, { ...address, version: chosen })
      return undefined
    },
  }),
  queryOperation({
    name: 'TagPolicy',
    input: Type.Object({ PolicyArn: arn, Tags: tags }),
    action: 'iam:TagPolicy',
    resources: policyResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await policyKeys(input, scope, deps)),
      ...requestTagKeys(input.Tags),
    }),
    run: async (deps: IamDeps, input, call) => {
      await tagIdentity(deps, { owner: policyIn(input, call), tags: tagsOf(input.Tags) })
      return undefined
    },
  }),
  queryOperation({
    name: 'UntagPolicy',
    input: Type.Object({ PolicyArn: arn, TagKeys: tagKeys }),
    action: 'iam:UntagPolicy',
    resources: policyResource,
    keys: async (input, scope, deps: IamDeps) => ({
      ...(await policyKeys(input, scope, deps)),
      'aws:TagKeys': input.TagKeys,
    }),
    run: async (deps: IamDeps, input, call) => {
      await untagIdentity(deps, { owner: policyIn(input, call), keys: input.TagKeys })
      return undefined
    },
  }),
  queryOperation({
    name: 'ListPolicyTags',
    input: Type.Object({ PolicyArn: arn, ...paging }),
    action: 'iam:ListPolicyTags',
    ...aboutPolicy,
    run: async (deps: IamDeps, input, call) => {
      const asked = { account: call.caller.accountId, arn: input.PolicyArn }
      const { id } = await getPolicy({ reader: deps.database }, asked)
      return tagPage(deps, { operation: 'ListPolicyTags', call, inputs: id, input })
    },
  }),
]

interface NamesPolicy {
  readonly PolicyArn: string
}

function policyResource({ PolicyArn }: NamesPolicy): readonly string[] {
  return [PolicyArn]
}

async function policyKeys(
  { PolicyArn }: NamesPolicy,
  { caller }: QueryScope,
  { database }: IamDeps,
): Promise<RequestKeys> {
  const policy = await findPolicy(database, caller.accountId, PolicyArn)
  return policy === undefined ? {} : entityKeys(database, { id: policy.id, boundaryArn: undefined })
}

/** To be changed: AWS's own are not. */
function policyIn({ PolicyArn }: NamesPolicy, { caller }: QueryCall): OwnerLookup {
  return async (reader) => requireOwnPolicy(reader, caller.accountId, PolicyArn)
}

function policyOrder({ name, kind }: PolicySummary): string {
  return `${name.toLowerCase()} ${kind}`
}

function placeOf([place]: readonly [number, unknown]): string {
  return String(place)
}

/** `v3` → 3. The model allows a suffix, which no version that was ever made has. */
function numberOf(input: { readonly PolicyArn: string; readonly VersionId: string }): number {
  const digits = /^v([0-9]{1,15})$/.exec(input.VersionId)?.[1]
  if (digits !== undefined) return Number(digits)
  throw versionUnknown(input.PolicyArn, input.VersionId)
}

function isAskedFor(
  { path, use }: PolicySummary,
  input: {
    readonly OnlyAttached?: boolean
    readonly PathPrefix?: string
    readonly PolicyUsageFilter?: 'PermissionsPolicy' | 'PermissionsBoundary'
  },
): boolean {
  if (!path.startsWith(input.PathPrefix ?? '/')) return false
  if (input.OnlyAttached === true && use.attachments === 0) return false
  if (input.PolicyUsageFilter === 'PermissionsPolicy') return use.attachments > 0
  return input.PolicyUsageFilter === 'PermissionsBoundary' ? use.boundaries > 0 : true
}
