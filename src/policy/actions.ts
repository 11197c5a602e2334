// Purpose:  the actions this registry knows, each with the type of its resource and its level of access.
// Spec:     AWS Service Authorization Reference: Amazon ECR, AWS STS, AWS IAM, Amazon Inspector2, AWS Signer; `pratique:` is this registry's own.
// Input:    an action as a request or a policy names it; names are compared without regard to case.
// Deviates: ecr:ListImageReferrers is an operation without an action of its own in AWS's list; here it is known.
// Unknowns: an action that is not listed → undefined; policies may name it, and it is matched by its text.

export type AccessLevel = 'list' | 'read' | 'write' | 'tagging' | 'permissions'

/** `none`: only a statement on `*` can allow it. */
export type ResourceType =
  | 'repository'
  | 'user'
  | 'group'
  | 'role'
  | 'policy'
  | 'oidc-provider'
  | 'principal'
  | 'filter'
  | 'signing-profile'
  | 'signing-job'
  | 'signing-key'
  | 'none'

export interface KnownAction {
  /** As AWS writes it: `ecr:PutImage`. */
  readonly name: string
  readonly resource: ResourceType
  readonly access: AccessLevel
  /** The place in the table; compiled policies keep a mark for each. */
  readonly index: number
}

type Row = readonly [
  service: string,
  resource: ResourceType,
  access: AccessLevel,
  operations: string,
]

const ecr: readonly Row[] = [
  ['ecr', 'none', 'read', 'GetAuthorizationToken DescribeRegistry GetRegistryPolicy'],
  ['ecr', 'none', 'read', 'GetRegistryScanningConfiguration GetAccountSetting'],
  ['ecr', 'none', 'read', 'DescribeRepositoryCreationTemplates ValidatePullThroughCacheRule'],
  ['ecr', 'none', 'read', 'GetSigningConfiguration'],
  ['ecr', 'none', 'list', 'DescribePullThroughCacheRules ListPullTimeUpdateExclusions'],
  ['ecr', 'none', 'permissions', 'PutRegistryPolicy DeleteRegistryPolicy'],
  ['ecr', 'none', 'write', 'PutRegistryScanningConfiguration PutReplicationConfiguration'],
  ['ecr', 'none', 'write', 'PutAccountSetting CreatePullThroughCacheRule'],
  ['ecr', 'none', 'write', 'UpdatePullThroughCacheRule DeletePullThroughCacheRule'],
  ['ecr', 'none', 'write', 'CreateRepositoryCreationTemplate UpdateRepositoryCreationTemplate'],
  ['ecr', 'none', 'write', 'DeleteRepositoryCreationTemplate PutSigningConfiguration'],
  ['ecr', 'none', 'write', 'DeleteSigningConfiguration RegisterPullTimeUpdateExclusion'],
  ['ecr', 'none', 'write', 'DeregisterPullTimeUpdateExclusion'],
  ['ecr', 'none', 'write', 'StartReplicationBackfill StopReplicationBackfill'],
  ['ecr', 'none', 'read', 'DescribeReplicationBackfillResults'],
  ['ecr', 'none', 'list', 'ListReplicationBackfills'],
  ['ecr', 'repository', 'list', 'DescribeImages ListImages ListImageReferrers'],
  ['ecr', 'repository', 'read', 'BatchCheckLayerAvailability BatchGetImage DescribeRepositories'],
  ['ecr', 'repository', 'read', 'BatchGetRepositoryScanningConfiguration GetDownloadUrlForLayer'],
  ['ecr', 'repository', 'read', 'DescribeImageReplicationStatus DescribeImageScanFindings'],
  ['ecr', 'repository', 'read', 'DescribeImageSigningStatus GetImageCopyStatus'],
  ['ecr', 'repository', 'read', 'GetLifecyclePolicy GetLifecyclePolicyPreview'],
  ['ecr', 'repository', 'read', 'GetRepositoryPolicy ListTagsForResource'],
  ['ecr', 'repository', 'permissions', 'SetRepositoryPolicy DeleteRepositoryPolicy'],
  ['ecr', 'repository', 'tagging', 'TagResource UntagResource'],
  ['ecr', 'repository', 'write', 'BatchDeleteImage BatchImportUpstreamImage ReplicateImage'],
  ['ecr', 'repository', 'write', 'InitiateLayerUpload UploadLayerPart CompleteLayerUpload'],
  ['ecr', 'repository', 'write', 'PutImage CreateRepository DeleteRepository'],
  ['ecr', 'repository', 'write', 'PutImageScanningConfiguration PutImageTagMutability'],
  ['ecr', 'repository', 'write', 'PutLifecyclePolicy DeleteLifecyclePolicy StartImageScan'],
  ['ecr', 'repository', 'write', 'StartLifecyclePolicyPreview UpdateImageStorageClass'],
]

const sts: readonly Row[] = [
  ['sts', 'none', 'read', 'GetCallerIdentity GetSessionToken GetAccessKeyInfo'],
  ['sts', 'none', 'write', 'DecodeAuthorizationMessage'],
  ['sts', 'principal', 'write', 'GetFederationToken'],
  ['sts', 'role', 'write', 'AssumeRole AssumeRoleWithWebIdentity AssumeRoleWithSAML'],
  ['sts', 'role', 'write', 'SetSourceIdentity'],
  ['sts', 'principal', 'tagging', 'TagSession'],
]

const iam: readonly Row[] = [
  ['iam', 'user', 'read', 'GetUser GetUserPolicy GetAccessKeyLastUsed'],
  ['iam', 'user', 'list', 'ListAccessKeys ListAttachedUserPolicies ListGroupsForUser'],
  ['iam', 'user', 'list', 'ListUserPolicies ListUserTags'],
  ['iam', 'user', 'write', 'CreateUser UpdateUser DeleteUser'],
  ['iam', 'user', 'write', 'CreateAccessKey UpdateAccessKey DeleteAccessKey'],
  ['iam', 'user', 'permissions', 'PutUserPolicy DeleteUserPolicy AttachUserPolicy'],
  ['iam', 'user', 'permissions', 'DetachUserPolicy PutUserPermissionsBoundary'],
  ['iam', 'user', 'permissions', 'DeleteUserPermissionsBoundary'],
  ['iam', 'user', 'tagging', 'TagUser UntagUser'],
  ['iam', 'group', 'read', 'GetGroup GetGroupPolicy'],
  ['iam', 'group', 'list', 'ListAttachedGroupPolicies ListGroupPolicies'],
  ['iam', 'group', 'write', 'CreateGroup UpdateGroup DeleteGroup AddUserToGroup'],
  ['iam', 'group', 'write', 'RemoveUserFromGroup'],
  ['iam', 'group', 'permissions', 'PutGroupPolicy DeleteGroupPolicy AttachGroupPolicy'],
  ['iam', 'group', 'permissions', 'DetachGroupPolicy'],
  ['iam', 'role', 'read', 'GetRole GetRolePolicy'],
  ['iam', 'role', 'list', 'ListAttachedRolePolicies ListInstanceProfilesForRole'],
  ['iam', 'role', 'list', 'ListRolePolicies ListRoleTags'],
  ['iam', 'role', 'write', 'CreateRole UpdateRole UpdateRoleDescription DeleteRole PassRole'],
  ['iam', 'role', 'write', 'CreateServiceLinkedRole DeleteServiceLinkedRole'],
  ['iam', 'role', 'permissions', 'UpdateAssumeRolePolicy PutRolePolicy DeleteRolePolicy'],
  ['iam', 'role', 'permissions', 'AttachRolePolicy DetachRolePolicy'],
  ['iam', 'role', 'permissions', 'PutRolePermissionsBoundary DeleteRolePermissionsBoundary'],
  ['iam', 'role', 'tagging', 'TagRole UntagRole'],
  ['iam', 'policy', 'read', 'GetPolicy GetPolicyVersion'],
  ['iam', 'policy', 'list', 'ListEntitiesForPolicy ListPolicyTags ListPolicyVersions'],
  ['iam', 'policy', 'permissions', 'CreatePolicy DeletePolicy CreatePolicyVersion'],
  ['iam', 'policy', 'permissions', 'DeletePolicyVersion SetDefaultPolicyVersion'],
  ['iam', 'policy', 'tagging', 'TagPolicy UntagPolicy'],
  ['iam', 'oidc-provider', 'read', 'GetOpenIDConnectProvider'],
  ['iam', 'oidc-provider', 'list', 'ListOpenIDConnectProviderTags'],
  ['iam', 'oidc-provider', 'write', 'CreateOpenIDConnectProvider DeleteOpenIDConnectProvider'],
  ['iam', 'oidc-provider', 'write', 'UpdateOpenIDConnectProviderThumbprint'],
  ['iam', 'oidc-provider', 'write', 'AddClientIDToOpenIDConnectProvider'],
  ['iam', 'oidc-provider', 'write', 'RemoveClientIDFromOpenIDConnectProvider'],
  ['iam', 'oidc-provider', 'tagging', 'TagOpenIDConnectProvider UntagOpenIDConnectProvider'],
  ['iam', 'principal', 'read', 'SimulatePrincipalPolicy GetContextKeysForPrincipalPolicy'],
  ['iam', 'none', 'read', 'SimulateCustomPolicy GetContextKeysForCustomPolicy'],
  ['iam', 'none', 'read', 'GetAccountAuthorizationDetails'],
  ['iam', 'none', 'list', 'GetAccountSummary ListAccountAliases ListGroups ListUsers ListRoles'],
  ['iam', 'none', 'list', 'ListPolicies ListOpenIDConnectProviders'],
  ['iam', 'none', 'write', 'CreateAccountAlias DeleteAccountAlias'],
]

const inspector: readonly Row[] = [
  ['inspector2', 'none', 'read', 'BatchGetAccountStatus BatchGetFindingDetails GetConfiguration'],
  ['inspector2', 'none', 'read', 'GetClustersForImage GetFindingsReportStatus GetSbomExport'],
  ['inspector2', 'none', 'read', 'SearchVulnerabilities ListTagsForResource'],
  ['inspector2', 'none', 'list', 'ListAccountPermissions ListCoverage ListCoverageStatistics'],
  ['inspector2', 'none', 'list', 'ListFilters ListFindingAggregations ListFindings'],
  ['inspector2', 'none', 'list', 'ListUsageTotals'],
  ['inspector2', 'none', 'write', 'Enable Disable UpdateConfiguration CreateFilter'],
  ['inspector2', 'none', 'write', 'CreateFindingsReport CancelFindingsReport'],
  ['inspector2', 'none', 'write', 'CreateSbomExport CancelSbomExport'],
  ['inspector2', 'filter', 'write', 'UpdateFilter DeleteFilter'],
  ['inspector2', 'filter', 'tagging', 'TagResource UntagResource'],
]

const signer: readonly Row[] = [
  ['signer', 'none', 'list', 'ListSigningJobs ListSigningPlatforms ListSigningProfiles'],
  ['signer', 'none', 'read', 'GetRevocationStatus GetSigningPlatform'],
  ['signer', 'signing-profile', 'read', 'GetSigningProfile ListProfilePermissions'],
  ['signer', 'signing-profile', 'read', 'ListTagsForResource'],
  ['signer', 'signing-profile', 'write', 'PutSigningProfile CancelSigningProfile'],
  ['signer', 'signing-profile', 'write', 'RevokeSigningProfile SignPayload StartSigningJob'],
  ['signer', 'signing-profile', 'permissions', 'AddProfilePermission RemoveProfilePermission'],
  ['signer', 'signing-profile', 'tagging', 'TagResource UntagResource'],
  ['signer', 'signing-job', 'read', 'DescribeSigningJob'],
  ['signer', 'signing-job', 'write', 'RevokeSignature'],
]

const pratique: readonly Row[] = [
  ['pratique', 'repository', 'read', 'ExplainDecision GetSbom GetSbomWithFindings'],
  [
    'pratique',
    'repository',
    'read',
    'ExplainFinding ListSuppressedFindings RecallFindings ListImageSecrets',
  ],
  ['pratique', 'repository', 'read', 'PreviewLifecyclePolicy GetLifecycleHistory'],
  ['pratique', 'repository', 'write', 'RunLifecyclePolicy UndoLifecycleDeletion'],
  ['pratique', 'repository', 'read', 'DescribeSignatures GetEvidence'],
  ['pratique', 'none', 'list', 'ListTrustPolicies ListTrustMaterial'],
  ['pratique', 'none', 'read', 'GetTrustPolicy GetTrustMaterial TestTrustPolicy'],
  ['pratique', 'none', 'permissions', 'PutTrustPolicy DeleteTrustPolicy'],
  ['pratique', 'none', 'permissions', 'PutTrustMaterial DeleteTrustMaterial'],
  ['pratique', 'none', 'read', 'ExportRevocationData'],
  ['pratique', 'none', 'permissions', 'ImportRevocationData'],
  [
    'pratique',
    'none',
    'list',
    'ListAdmissionPolicies ListClusters ListPullGates ListAdmissionDenials',
  ],
  ['pratique', 'none', 'read', 'GetAdmissionPolicy PreviewAdmissionPolicy CheckCluster GetCluster'],
  ['pratique', 'none', 'permissions', 'PutAdmissionPolicy DeleteAdmissionPolicy PutPullGate'],
  ['pratique', 'none', 'permissions', 'RegisterCluster DeleteCluster'],
  ['pratique', 'none', 'write', 'ReportCluster'],
  ['pratique', 'repository', 'read', 'BypassGate'],
  ['pratique', 'none', 'read', 'GetLifecycleGuards'],
  ['pratique', 'none', 'write', 'PutLifecycleGuards'],
  ['pratique', 'none', 'read', 'DescribeAdvisories DescribeCollections DescribeQuotas'],
  ['pratique', 'none', 'read', 'CheckStorage BackupStorage ScanArchive ExportAdvisories'],
  ['pratique', 'none', 'read', 'DescribeOidcProviders FindImages'],
  ['pratique', 'none', 'permissions', 'PutOidcProviderOptions'],
  ['pratique', 'none', 'write', 'ImportAdvisories UpdateAdvisories CollectStorage'],
  ['pratique', 'repository', 'write', 'SignExistingImages'],
  ['pratique', 'none', 'read', 'ListSigningKeys GetSigningRoot DescribeSigningRules'],
  ['pratique', 'none', 'write', 'PutSigningRuleOption'],
  ['pratique', 'signing-key', 'write', 'CreateSigningKey SignWithKey RevokeSigningKey'],
  ['pratique', 'none', 'write', 'PutQuota RepairStorage CreateBundleKey'],
  ['pratique', 'none', 'read', 'GetPosture GetPostureRules ListPostureHistory'],
  ['pratique', 'none', 'write', 'JudgePosture PutPostureRules DeletePostureRules'],
]

export const knownActions: readonly KnownAction[] = [
  ...ecr,
  ...sts,
  ...iam,
  ...inspector,
  ...signer,
  ...pratique,
]
  .flatMap(([service, resource, access, operations]) =>
    operations
      .split(' ')
      .map((operation) => ({ name: `${service}:${operation}`, resource, access })),
  )
  .map((row, index) => ({ ...row, index }))

/** Those that are asked on resources of this type; a principal is a user or a role. */
export function actionsOn(type: ResourceType): readonly KnownAction[] {
  const isPrincipal = type === 'user' || type === 'role'
  return knownActions.filter(
    ({ resource }) => resource === type || (isPrincipal && resource === 'principal'),
  )
}

const byName = new Map(
  knownActions.flatMap((action) => [
    [action.name, action],
    [action.name.toLowerCase(), action],
  ]),
)

/** Compares without regard to case; the usual spelling is found without changing it. */
export function findAction(name: string): KnownAction | undefined {
  return byName.get(name) ?? byName.get(name.toLowerCase())
}
