import { Type } from 'typebox'
import {
  createPolicy,
  deletePolicy,
  getPolicy,
  listPolicies,
  type PolicySummary,
} from '../../../access/managed-policies.ts'
import {
  createPolicyVersion,
  deletePolicyVersion,
  getPolicyVersion,
  listPolicyVersions,
  setDefaultPolicyVersion,
  versionUnknown,
  type ListedVersion,
} from '../../../access/managed-policy-versions.ts'
import { managedPolicyArn } from '../../../policy/managed/policy-arn.ts'
import { queryOperation, type QueryOperation } from '../protocol/query-operation.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import type { IamDeps } from './call.ts'
import { encodedDocument } from './policy-document.ts'
import {
  arn,
  paging,
  policyDocument,
  policyName,
  policyPath,
  policyUsage,
  versionId,
} from './policy-inputs.ts'
import { pageOf } from './policy-page.ts'

const version = Type.Object({ PolicyArn: arn, VersionId: versionId })
const policyResource = ({ PolicyArn }: { readonly PolicyArn: string }): readonly string[] => [
  PolicyArn,
]

export const managedPolicyOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'CreatePolicy',
    input: Type.Object({
      PolicyName: policyName,
      Path: Type.Optional(policyPath),
      PolicyDocument: policyDocument,
      Description: Type.Optional(Type.String({ maxLength: 1000 })),
    }),
    action: 'iam:CreatePolicy',
    resources: ({ PolicyName, Path }, { caller }) => [
      managedPolicyArn(caller.accountId, Path ?? '/', PolicyName),
    ],
    run: async (deps: IamDeps, input, { caller }) => {
      const made = await createPolicy(deps, {
        account: caller.accountId,
        name: input.PolicyName,
        path: input.Path ?? '/',
        description: input.Description,
        document: input.PolicyDocument,
      })
      return { Policy: policyShape(made) }
    },
  }),
  queryOperation({
    name: 'GetPolicy',
    input: Type.Object({ PolicyArn: arn }),
    action: 'iam:GetPolicy',
    resources: policyResource,
    run: async ({ database }: IamDeps, input, { caller }) => {
      const asked = { account: caller.accountId, arn: input.PolicyArn }
      const policy = await getPolicy({ reader: database }, asked)
      return { Policy: { ...policyShape(policy), Description: policy.description } }
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
    run: async (deps: IamDeps, input, { caller }) => {
      const { accountId: account } = caller
      const scope = input.Scope ?? 'All'
      const policies = await listPolicies({ reader: deps.database }, { account, scope })
      const shown = policies.filter((policy) => isAskedFor(policy, input))
      const inputs = { ...input, Marker: undefined, MaxItems: undefined, account }
      const asked = { ...input, operation: 'ListPolicies', inputs }
      const page = pageOf(deps, asked, shown, ({ name, kind }) => `${name.toLowerCase()} ${kind}`)
      return { Policies: page.items.map(policyShape), ...page.paging }
    },
  }),
  queryOperation({
    name: 'DeletePolicy',
    input: Type.Object({ PolicyArn: arn }),
    action: 'iam:DeletePolicy',
    resources: policyResource,
    run: async (deps: IamDeps, input, { caller }) => {
      await deletePolicy(deps, { account: caller.accountId, arn: input.PolicyArn })
      return undefined
    },
  }),
  queryOperation({
    name: 'CreatePolicyVersion',
    input: Type.Object({
      PolicyArn: arn,
      PolicyDocument: policyDocument,
      SetAsDefault: Type.Optional(Type.Boolean()),
    }),
    action: 'iam:CreatePolicyVersion',
    resources: policyResource,
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
    resources: policyResource,
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
    resources: policyResource,
    run: async (deps: IamDeps, input, { caller }) => {
      const address = { account: caller.accountId, arn: input.PolicyArn }
      const versions = await listPolicyVersions({ reader: deps.database }, address)
      const asked = { ...input, operation: 'ListPolicyVersions', inputs: address }
      // Five at most: the newest first, by place.
      const page = pageOf(deps, asked, [...versions.entries()], ([place]) => String(place))
      return { Versions: page.items.map(([, one]) => versionShape(one)), ...page.paging }
    },
  }),
  queryOperation({
    name: 'SetDefaultPolicyVersion',
    input: version,
    action: 'iam:SetDefaultPolicyVersion',
    resources: policyResource,
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
    resources: policyResource,
    run: async (deps: IamDeps, input, { caller }) => {
      const chosen = numberOf(input)
      const address = { account: caller.accountId, arn: input.PolicyArn }
      await deletePolicyVersion(deps, { ...address, version: chosen })
      return undefined
    },
  }),
]

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

function policyShape(policy: PolicySummary): QueryStructure {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: `v${policy.defaultVersion}`,
    AttachmentCount: policy.use.attachments,
    PermissionsBoundaryUsageCount: policy.use.boundaries,
    IsAttachable: policy.isAttachable,
    CreateDate: policy.createdAt,
    UpdateDate: policy.updatedAt,
  }
}

function versionShape({ version: number, isDefault, createdAt }: ListedVersion): QueryStructure {
  return { VersionId: `v${number}`, IsDefaultVersion: isDefault, CreateDate: createdAt }
}
