// One walk through every operation of the service, for any client: what it is asked in which order, and what is kept of the answers.
// `${name}` in a text stands for what was given or kept; { $base64: name } for bytes.

export type Step =
  | {
      readonly call: string
      readonly input: Readonly<Record<string, unknown>>
      /** Name → place in the answer: `image.imageId.imageDigest`. */
      readonly keep?: Readonly<Record<string, string>>
      /** Place in the answer → what must be there. */
      readonly expect?: Readonly<Record<string, unknown>>
    }
  /** Page by page, one entry a page: so many entries are in the list, or more where others have some. */
  | {
      readonly paginate: string
      readonly input: Readonly<Record<string, unknown>>
      readonly entries: string
      readonly atLeast: number
    }
  /** Where the operation has nothing to do: it says so. */
  | {
      readonly refused: string
      readonly input: Readonly<Record<string, unknown>>
      readonly error: string
    }
  | { readonly wait: string; readonly input: Readonly<Record<string, unknown>> }

const app = { repositoryName: '${prefix}/app' }
const resourceArn = 'arn:aws:ecr:us-east-1:${account}:repository/${prefix}/app'
const v1 = { ...app, imageId: { imageTag: 'v1' } }

const repositories: readonly Step[] = [
  { call: 'GetAuthorizationToken', input: {} },
  { call: 'DescribeRegistry', input: {}, expect: { registryId: '${account}' } },
  {
    call: 'CreateRepository',
    input: {
      ...app,
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'AES256' },
      tags: [{ Key: 'team', Value: 'blue' }],
    },
    expect: { 'repository.imageTagMutability': 'IMMUTABLE' },
  },
  { call: 'CreateRepository', input: { repositoryName: '${prefix}/other' } },
  { call: 'DescribeRepositories', input: { repositoryNames: [app.repositoryName] } },
  { paginate: 'DescribeRepositories', input: {}, entries: 'repositories', atLeast: 2 },
  {
    call: 'PutImageTagMutability',
    input: {
      ...app,
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'dev-*' }],
    },
    expect: { 'imageTagMutabilityExclusionFilters.0.filter': 'dev-*' },
  },
  {
    call: 'DescribeRepositories',
    input: { repositoryNames: [app.repositoryName] },
    expect: { 'repositories.0.imageTagMutability': 'IMMUTABLE_WITH_EXCLUSION' },
  },
  {
    call: 'PutImageTagMutability',
    input: { ...app, imageTagMutability: 'MUTABLE' },
    expect: { imageTagMutability: 'MUTABLE' },
  },
  { call: 'TagResource', input: { resourceArn, tags: [{ Key: 'stage', Value: 'test' }] } },
  { call: 'UntagResource', input: { resourceArn, tagKeys: ['team'] } },
  {
    call: 'ListTagsForResource',
    input: { resourceArn },
    expect: { tags: [{ Key: 'stage', Value: 'test' }] },
  },
  { call: 'SetRepositoryPolicy', input: { ...app, policyText: '${repositoryPolicy}' } },
  {
    call: 'GetRepositoryPolicy',
    input: app,
    expect: { policyText: '${repositoryPolicy}' },
  },
]

function upload(blob: string): readonly Step[] {
  return [
    { call: 'InitiateLayerUpload', input: app, keep: { uploadId: 'uploadId' } },
    {
      call: 'UploadLayerPart',
      input: {
        ...app,
        uploadId: '${uploadId}',
        partFirstByte: 0,
        partLastByte: { $number: `${blob}Last` },
        layerPartBlob: { $base64: blob },
      },
    },
    {
      call: 'CompleteLayerUpload',
      input: { ...app, uploadId: '${uploadId}', layerDigests: [`\${${blob}Digest}`] },
      expect: { layerDigest: `\${${blob}Digest}` },
    },
  ]
}

const images: readonly Step[] = [
  ...upload('layer'),
  ...upload('config'),
  {
    call: 'BatchCheckLayerAvailability',
    input: { ...app, layerDigests: ['${layerDigest}', 'sha256:none'] },
    expect: {
      'layers.0.layerAvailability': 'AVAILABLE',
      'failures.0.failureCode': 'InvalidLayerDigest',
    },
  },
  {
    call: 'PutImage',
    input: { ...app, imageManifest: '${manifest}', imageTag: 'v1' },
    expect: { 'image.imageId.imageDigest': '${manifestDigest}' },
  },
  { call: 'PutImage', input: { ...app, imageManifest: '${manifest}', imageTag: 'v2' } },
  // The same image, written with a blank more: another digest.
  { call: 'PutImage', input: { ...app, imageManifest: '${manifest} ', imageTag: 'v3' } },
  { call: 'PutImage', input: { ...app, imageManifest: '${manifest}  ', imageTag: 'v4' } },
  {
    call: 'BatchGetImage',
    input: { ...app, imageIds: [{ imageTag: 'v1' }, { imageTag: 'absent' }] },
    expect: { 'images.0.imageManifest': '${manifest}', 'failures.0.failureCode': 'ImageNotFound' },
  },
  { call: 'ListImages', input: { ...app, filter: { tagStatus: 'TAGGED', imageStatus: 'ANY' } } },
  { paginate: 'ListImages', input: app, entries: 'imageIds', atLeast: 4 },
  { call: 'DescribeImages', input: { ...app, imageIds: [{ imageTag: 'v1' }] } },
  { paginate: 'DescribeImages', input: app, entries: 'imageDetails', atLeast: 3 },
  {
    call: 'GetDownloadUrlForLayer',
    input: { ...app, layerDigest: '${layerDigest}' },
    expect: { layerDigest: '${layerDigest}' },
  },
]

const continuous = [
  {
    scanFrequency: 'CONTINUOUS_SCAN',
    repositoryFilters: [{ filter: '*', filterType: 'WILDCARD' }],
  },
]

const scans: readonly Step[] = [
  {
    call: 'PutImageScanningConfiguration',
    input: { ...app, imageScanningConfiguration: { scanOnPush: true } },
  },
  { call: 'GetRegistryScanningConfiguration', input: {} },
  {
    call: 'BatchGetRepositoryScanningConfiguration',
    input: { repositoryNames: [app.repositoryName, '${prefix}/absent'] },
    expect: { 'failures.0.failureCode': 'REPOSITORY_NOT_FOUND' },
  },
  { call: 'StartImageScan', input: v1, expect: { 'imageScanStatus.status': 'IN_PROGRESS' } },
  { wait: 'ImageScanComplete', input: v1 },
  {
    call: 'DescribeImageScanFindings',
    input: v1,
    expect: { 'imageScanStatus.status': 'COMPLETE' },
  },
  {
    paginate: 'DescribeImageScanFindings',
    input: v1,
    entries: 'imageScanFindings.findings',
    atLeast: 2,
  },
  {
    call: 'PutRegistryScanningConfiguration',
    input: { scanType: 'ENHANCED', rules: continuous },
    expect: { 'registryScanningConfiguration.scanType': 'ENHANCED' },
  },
  { call: 'DescribeImageScanFindings', input: v1, expect: { 'imageScanStatus.status': 'ACTIVE' } },
  {
    paginate: 'DescribeImageScanFindings',
    input: v1,
    entries: 'imageScanFindings.enhancedFindings',
    atLeast: 2,
  },
  { call: 'PutRegistryScanningConfiguration', input: { scanType: 'BASIC', rules: continuous } },
]

const lifecycle: readonly Step[] = [
  { call: 'PutLifecyclePolicy', input: { ...app, lifecyclePolicyText: '${keepAll}' } },
  { call: 'GetLifecyclePolicy', input: app, expect: { lifecyclePolicyText: '${keepAll}' } },
  {
    call: 'StartLifecyclePolicyPreview',
    input: { ...app, lifecyclePolicyText: '${keepOne}' },
    expect: { status: 'IN_PROGRESS' },
  },
  { wait: 'LifecyclePolicyPreviewComplete', input: app },
  {
    call: 'GetLifecyclePolicyPreview',
    input: { ...app, filter: { tagStatus: 'ANY' } },
    expect: { status: 'COMPLETE', 'summary.expiringImageTotalCount': 2 },
  },
  { paginate: 'GetLifecyclePolicyPreview', input: app, entries: 'previewResults', atLeast: 2 },
  { call: 'DeleteLifecyclePolicy', input: app },
  {
    call: 'UpdateImageStorageClass',
    input: { ...app, imageId: { imageTag: 'v4' }, targetStorageClass: 'ARCHIVE' },
    expect: { imageStatus: 'ARCHIVED' },
  },
  {
    call: 'DescribeImages',
    input: { ...app, filter: { imageStatus: 'ARCHIVED' } },
    expect: { 'imageDetails.0.imageStatus': 'ARCHIVED' },
  },
]

const subject = { ...app, subjectId: { imageDigest: '${manifestDigest}' } }

const referrers: readonly Step[] = [
  { call: 'PutImage', input: { ...app, imageManifest: '${referrer}' } },
  { call: 'PutImage', input: { ...app, imageManifest: '${referrer} ' } },
  {
    call: 'ListImageReferrers',
    input: {
      ...subject,
      filter: { artifactTypes: ['application/vnd.example.note'], artifactStatus: 'ANY' },
    },
    expect: {
      'referrers.0.artifactType': 'application/vnd.example.note',
      'referrers.0.annotations': { note: 'one' },
      'referrers.0.artifactStatus': 'ACTIVE',
    },
  },
  { paginate: 'ListImageReferrers', input: subject, entries: 'referrers', atLeast: 2 },
]

const prefixes = ['${prefix}/made', '${prefix}/made/more']

const templates: readonly Step[] = [
  {
    call: 'CreateRepositoryCreationTemplate',
    input: {
      prefix: prefixes[0],
      description: 'what is made by a push',
      appliedFor: ['CREATE_ON_PUSH'],
      imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
      imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'latest' }],
      encryptionConfiguration: { encryptionType: 'AES256' },
      resourceTags: [{ Key: 'team', Value: 'blue' }],
      repositoryPolicy: '${repositoryPolicy}',
      lifecyclePolicy: '${keepAll}',
    },
    expect: { 'repositoryCreationTemplate.prefix': prefixes[0] },
  },
  {
    call: 'CreateRepositoryCreationTemplate',
    input: { prefix: prefixes[1], appliedFor: ['REPLICATION', 'PULL_THROUGH_CACHE'] },
  },
  {
    call: 'UpdateRepositoryCreationTemplate',
    input: { prefix: prefixes[0], description: 'changed' },
    expect: {
      'repositoryCreationTemplate.description': 'changed',
      'repositoryCreationTemplate.lifecyclePolicy': '${keepAll}',
    },
  },
  { call: 'DescribeRepositoryCreationTemplates', input: { prefixes } },
  {
    paginate: 'DescribeRepositoryCreationTemplates',
    input: {},
    entries: 'repositoryCreationTemplates',
    atLeast: 2,
  },
  ...prefixes.map((prefix) => ({
    call: 'DeleteRepositoryCreationTemplate',
    input: { prefix },
    expect: { 'repositoryCreationTemplate.prefix': prefix },
  })),
]

const roles = ['role/scanner', 'role/path/copier'].map((role) => `arn:aws:iam::\${account}:${role}`)

const exclusions: readonly Step[] = [
  ...roles.map((principalArn) => ({
    call: 'RegisterPullTimeUpdateExclusion',
    input: { principalArn },
    expect: { principalArn },
  })),
  {
    paginate: 'ListPullTimeUpdateExclusions',
    input: {},
    entries: 'pullTimeUpdateExclusions',
    atLeast: 2,
  },
  ...roles.map((principalArn) => ({
    call: 'DeregisterPullTimeUpdateExclusion',
    input: { principalArn },
  })),
]

const signingProfileArn = 'arn:aws:signer:us-east-1:${account}:/signing-profiles/release'
const signingConfiguration = {
  rules: [
    {
      signingProfileArn,
      repositoryFilters: [{ filter: '${prefix}/*', filterType: 'WILDCARD_MATCH' }],
    },
  ],
}

const signing: readonly Step[] = [
  {
    call: 'PutSigningConfiguration',
    input: { signingConfiguration },
    expect: { signingConfiguration },
  },
  { call: 'GetSigningConfiguration', input: {}, expect: { signingConfiguration } },
  // What was there before is not signed; what is pushed from now on is, if only it could be.
  { call: 'DescribeImageSigningStatus', input: v1, expect: { signingStatuses: [] } },
  { call: 'PutImage', input: { ...app, imageManifest: '${manifest}    ', imageTag: 'signed' } },
  {
    call: 'DescribeImageSigningStatus',
    input: { ...app, imageId: { imageTag: 'signed' } },
    expect: { 'signingStatuses.0.signingProfileArn': signingProfileArn },
  },
  { call: 'DeleteSigningConfiguration', input: {}, expect: { signingConfiguration } },
]

const destination = { region: 'eu-west-1', registryId: '210987654321' }
const replicationConfiguration = {
  rules: [
    {
      destinations: [destination],
      repositoryFilters: [{ filter: '${prefix}', filterType: 'PREFIX_MATCH' }],
    },
  ],
}
const backfill = { replicationBackfillId: '${backfill}' }

const replication: readonly Step[] = [
  {
    call: 'PutReplicationConfiguration',
    input: { replicationConfiguration },
    expect: { replicationConfiguration },
  },
  { call: 'DescribeRegistry', input: {}, expect: { replicationConfiguration } },
  {
    call: 'DescribeImageReplicationStatus',
    input: v1,
    expect: { 'replicationStatuses.0.region': 'eu-west-1' },
  },
  { call: 'StartReplicationBackfill', input: { destination } },
  {
    call: 'StartReplicationBackfill',
    input: { destination },
    keep: { backfill: 'replicationBackfillId' },
  },
  {
    call: 'DescribeReplicationBackfillResults',
    input: { ...backfill, resultStatusFilter: 'FAILED' },
  },
  {
    paginate: 'DescribeReplicationBackfillResults',
    input: backfill,
    entries: 'results',
    atLeast: 0,
  },
  { paginate: 'ListReplicationBackfills', input: {}, entries: 'backfills', atLeast: 2 },
  {
    refused: 'StopReplicationBackfill',
    input: backfill,
    error: 'ReplicationBackfillInvalidStatusException',
  },
  { call: 'PutReplicationConfiguration', input: { replicationConfiguration: { rules: [] } } },
]

const pullThroughRules = [
  { ecrRepositoryPrefix: '${prefix}-quay', upstreamRegistryUrl: 'quay.io' },
  {
    ecrRepositoryPrefix: '${prefix}-hub',
    upstreamRegistryUrl: 'registry-1.docker.io',
    upstreamRegistry: 'docker-hub',
    upstreamRepositoryPrefix: 'library',
    credentialArn: '${secretArn}',
  },
]
const hub = { ecrRepositoryPrefix: '${prefix}-hub' }

const pullThrough: readonly Step[] = [
  ...pullThroughRules.map((input) => ({
    call: 'CreatePullThroughCacheRule',
    input,
    expect: { ecrRepositoryPrefix: input.ecrRepositoryPrefix },
  })),
  {
    call: 'UpdatePullThroughCacheRule',
    input: { ...hub, credentialArn: '${secretArn}' },
    expect: { credentialArn: '${secretArn}' },
  },
  {
    call: 'DescribePullThroughCacheRules',
    input: { ecrRepositoryPrefixes: ['${prefix}-quay'] },
    expect: { 'pullThroughCacheRules.0.upstreamRegistryUrl': 'quay.io' },
  },
  {
    paginate: 'DescribePullThroughCacheRules',
    input: {},
    entries: 'pullThroughCacheRules',
    atLeast: 2,
  },
  { call: 'ValidatePullThroughCacheRule', input: hub, expect: { isValid: false } },
  ...pullThroughRules.map(({ ecrRepositoryPrefix }) => ({
    call: 'DeletePullThroughCacheRule',
    input: { ecrRepositoryPrefix },
  })),
]

const registry: readonly Step[] = [
  { call: 'PutRegistryPolicy', input: { policyText: '${registryPolicy}' } },
  { call: 'GetRegistryPolicy', input: {}, expect: { policyText: '${registryPolicy}' } },
  { call: 'DeleteRegistryPolicy', input: {} },
  { call: 'PutAccountSetting', input: { name: 'BLOB_MOUNTING', value: 'ENABLED' } },
  {
    call: 'GetAccountSetting',
    input: { name: 'BLOB_MOUNTING' },
    expect: { value: 'ENABLED' },
  },
]

const end: readonly Step[] = [
  {
    call: 'BatchDeleteImage',
    input: { ...app, imageIds: [{ imageTag: 'v2' }, { imageTag: 'absent' }] },
    expect: { 'imageIds.0.imageTag': 'v2', 'failures.0.failureCode': 'ImageNotFound' },
  },
  { call: 'DeleteRepositoryPolicy', input: app },
  { call: 'DeleteRepository', input: { ...app, force: true } },
  { call: 'DeleteRepository', input: { repositoryName: '${prefix}/other' } },
]

export const scenario: readonly Step[] = [
  ...repositories,
  ...images,
  ...scans,
  ...lifecycle,
  ...referrers,
  ...templates,
  ...exclusions,
  ...signing,
  ...replication,
  ...pullThrough,
  ...registry,
  ...end,
]

export function operationOfStep(step: Step): string | undefined {
  if ('call' in step) return step.call
  if ('refused' in step) return step.refused
  return 'paginate' in step ? step.paginate : undefined
}
