// Documents that cannot be accepted: what is told names the member, the value or its place, and the rule.
import { lifecycleText } from '../../kit/lifecycle.ts'
import { app } from './error-place.ts'

export type BadDocument = readonly [what: string, input: object, says: RegExp]

function policy(statement: object, top: object = {}): { readonly policyText: string } {
  const whole = {
    Effect: 'Allow',
    Principal: { AWS: '123456789012' },
    Action: 'ecr:BatchGetImage',
    ...statement,
  }
  return { policyText: JSON.stringify({ Version: '2012-10-17', Statement: [whole], ...top }) }
}

const repositoryPolicies: readonly BadDocument[] = [
  ['no JSON', { policyText: 'no JSON' }, /\(line 1, column 1: .*\)$/],
  [
    'a word for Effect',
    policy({ Effect: 'Maybe' }),
    /\(line 1, column \d+: the effect is "Maybe"; write "Allow" or "Deny", .*\)$/,
  ],
  ['a misspelt element', policy({ Efect: 'Allow' }), /\(line 1, column \d+: .*Efect.*\)$/],
  [
    'an action of another service',
    policy({ Action: 's3:GetObject' }),
    /\(line 1, column \d+: .*s3:GetObject.*\)$/,
  ],
  ['nobody', policy({ Principal: undefined }), /\(line 1, column \d+: .*Principal.*\)$/],
  [
    'a user who is not there',
    policy({ Principal: { AWS: 'arn:aws:iam::123456789012:user/ghost' } }),
    /\(line 1, column \d+: there is no arn:aws:iam::123456789012:user\/ghost\)$/,
  ],
  [
    'an operator that is none',
    policy({ Condition: { StringAlmost: { 'aws:PrincipalArn': 'a' } } }),
    /\(line 1, column \d+: .*StringAlmost.*\)$/,
  ],
  [
    'another repository',
    policy({ Resource: 'arn:aws:ecr:us-east-1:123456789012:repository/other' }),
    /Resource is not this repository; leave it out, or write \* or arn:/,
  ],
  [
    'a version that is none',
    policy({}, { Version: '2020-01-01' }),
    /\(line 1, column \d+: .*Version.*\)$/,
  ],
  [
    'too long a text',
    { policyText: ' '.repeat(10_241) },
    /^Invalid parameter at 'policyText' failed to satisfy constraint: 'must have length less than or equal to 10240'$/,
  ],
]

const registryPolicies: readonly BadDocument[] = [
  [
    'an action of another service',
    policy({ Action: 's3:GetObject', Resource: 'arn:aws:ecr:us-east-1:123456789012:repository/*' }),
    /\(line 1, column \d+: .*s3:GetObject.*\)$/,
  ],
  ['no resource', policy({}), /\(line 1, column \d+: .*Resource.*\)$/],
  [
    'a resource that is none',
    policy({ Resource: 'nothing' }),
    /\(line 1, column \d+: .*nothing.*\)$/,
  ],
]

function lifecycle(selection: object, rule: object = {}): { readonly lifecyclePolicyText: string } {
  const chosen = { tagStatus: 'tagged', tagPrefixList: ['v'], countType: 'imageCountMoreThan' }
  const whole = {
    rulePriority: 7,
    selection: { ...chosen, countNumber: 3, ...selection },
    action: { type: 'expire' },
    ...rule,
  }
  return { lifecyclePolicyText: JSON.stringify({ rules: [whole] }) }
}

const lifecyclePolicies: readonly BadDocument[] = [
  [
    'too short a text',
    { lifecyclePolicyText: '{}' },
    /^1 validation error detected: Value '\{\}' at 'lifecyclePolicyText' failed to satisfy constraint: Member must have length greater than or equal to 100$/,
  ],
  [
    'a number below its bound',
    lifecycle({ countNumber: 0 }),
    /minimum: 1, found: 0\) at \/rules\/0\/selection\/countNumber \(rule 7, line 1, column \d+\)'$/,
  ],
  [
    'a word that is none',
    lifecycle({ countType: 'bySize' }),
    /\("bySize"\) not found in enum \(possible values: \["imageCountMoreThan",.*at \/rules\/0\/selection\/countType \(rule 7, /,
  ],
  [
    'a member that is none',
    lifecycle({}, { colour: 1 }),
    /not allowed by the schema: \(\["colour"\]\) at \/rules\/0\/colour \(rule 7, /,
  ],
  [
    'two lists',
    lifecycle({ tagPatternList: ['*'] }),
    /needs either tagPrefixList or tagPatternList at \/rules\/0\/selection \(rule 7, /,
  ],
  [
    'one priority twice',
    { lifecyclePolicyText: lifecycleText(['1 any count:1', '1 untagged count:1']) },
    /rulePriority must be unique, and 1 is given twice at \/rules\/1 /,
  ],
]

const scanningFilter = (filter: string, filterType = 'WILDCARD'): object => ({
  scanType: 'BASIC',
  rules: [{ scanFrequency: 'SCAN_ON_PUSH', repositoryFilters: [{ filter, filterType }] }],
})

const scanning: readonly BadDocument[] = [
  [
    'a type that is none',
    { scanType: 'DEEP' },
    /Value 'DEEP' at 'scanType' .*enum value set: \[BASIC, ENHANCED\]$/,
  ],
  [
    'a frequency of the other type',
    { scanType: 'ENHANCED', rules: [{ scanFrequency: 'MANUAL', repositoryFilters: [] }] },
    /^scan frequency MANUAL is not supported for scan type ENHANCED; use CONTINUOUS_SCAN or SCAN_ON_PUSH$/,
  ],
  [
    'a filter outside the grammar',
    scanningFilter('A B'),
    /Value 'A B' at 'rules\.1\.member\.repositoryFilters\.1\.member\.filter' .*regular expression pattern: /,
  ],
  [
    'a kind of filter that is none',
    scanningFilter('a', 'PREFIX'),
    /Value 'PREFIX' at 'rules\.1\.member\.repositoryFilters\.1\.member\.filterType' .*\[WILDCARD\]$/,
  ],
  [
    'three rules',
    { rules: [1, 2, 3].map(() => ({ scanFrequency: 'MANUAL', repositoryFilters: [] })) },
    /at 'rules' .*less than or equal to 2$/,
  ],
]

const template = (members: object): object => ({ prefix: 'bad', appliedFor: [], ...members })

const templates: readonly BadDocument[] = [
  [
    'a prefix outside the grammar',
    template({ prefix: 'BAD' }),
    /Value 'BAD' at 'prefix' .*regular expression pattern: /,
  ],
  [
    'an occasion that is none',
    template({ appliedFor: ['SOMETIMES'] }),
    /Value '\[SOMETIMES\]' at 'appliedFor' .*\[PULL_THROUGH_CACHE, REPLICATION, CREATE_ON_PUSH\]/,
  ],
  [
    'a faulty repository policy',
    template({ repositoryPolicy: policy({ Effect: 'Maybe' }).policyText }),
    /^Invalid parameter at 'repositoryPolicy' .* \(line 1, column \d+: the effect is "Maybe"; /,
  ],
  [
    'a faulty lifecycle policy',
    template({ lifecyclePolicy: lifecycle({ countNumber: 0 }).lifecyclePolicyText }),
    /^Invalid parameter at 'lifecyclePolicy' .*found: 0\) at \/rules\/0\/selection\/countNumber/,
  ],
  [
    'no role',
    template({ customRoleArn: 'role' }),
    /Value 'role' at 'customRoleArn' .*must be the ARN of a role of account 123456789012$/,
  ],
  [
    'a reserved tag',
    template({ resourceTags: [{ Key: 'aws:x', Value: '' }] }),
    /^tag key aws:x begins with aws:, which is reserved$/,
  ],
  [
    'a mode that is none',
    template({ imageTagMutability: 'SOMETIMES' }),
    /Value 'SOMETIMES' at 'imageTagMutability' .*\[MUTABLE, IMMUTABLE, /,
  ],
  [
    'keys of KMS',
    template({ encryptionConfiguration: { encryptionType: 'KMS' } }),
    /^Invalid parameter at 'encryptionConfiguration\.encryptionType' failed to satisfy constraint: 'KMS is not offered by this registry; use AES256'$/,
  ],
]

const exclusions = (...filters: readonly string[]): object => ({
  ...app,
  imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
  imageTagMutabilityExclusionFilters: filters.map((filter) => ({ filterType: 'WILDCARD', filter })),
})

const filters: readonly BadDocument[] = [
  [
    'no filter',
    { ...app, imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' },
    /^Invalid parameter at 'imageTagMutabilityExclusionFilters' .*can't be null when imageTagMutability is set as IMMUTABLE_WITH_EXCLUSION'$/,
  ],
  [
    'a character that no tag has',
    exclusions('ok', 'a/b'),
    /^Invalid parameter at 'imageTagMutabilityExclusionFilters\.2\.member\.filter' .*''a\/b' must consist of the characters /,
  ],
  [
    'three wildcards',
    exclusions('*a*b*'),
    /filter' .*''\*a\*b\*' must have at most 2 wildcards \(\*\)'$/,
  ],
  [
    'six filters',
    exclusions('a', 'b', 'c', 'd', 'e', 'f'),
    /at 'imageTagMutabilityExclusionFilters' .*less than or equal to 5'$/,
  ],
]

const copying = (rule: object): object => ({
  replicationConfiguration: { rules: [{ destinations: [], ...rule }] },
})

const replication: readonly BadDocument[] = [
  [
    'no rules',
    { replicationConfiguration: {} },
    /Value null at 'replicationConfiguration\.rules' .*must not be null$/,
  ],
  [
    'a place that is none',
    copying({ destinations: [{ region: 'EU', registryId: '210987654321' }] }),
    /Value 'EU' at 'replicationConfiguration\.rules\.1\.member\.destinations\.1\.member\.region' .*pattern: \[0-9a-z-\]\{2,25\}$/,
  ],
  [
    'itself',
    copying({ destinations: [{ region: 'us-east-1', registryId: '123456789012' }] }),
    /rules\.1\.member\.destinations\.1\.member is region us-east-1 of registry 123456789012'$/,
  ],
  [
    'a filter with a wildcard',
    copying({ repositoryFilters: [{ filter: 'a*', filterType: 'PREFIX_MATCH' }] }),
    /Value 'a\*' at 'replicationConfiguration\.rules\.1\.member\.repositoryFilters\.1\.member\.filter' /,
  ],
]

const profile = 'arn:aws:signer:us-east-1:123456789012:/signing-profiles/release'
const signedBy = (
  signingProfileArn: string,
  filter = 'a',
  filterType = 'WILDCARD_MATCH',
): object => ({
  signingConfiguration: {
    rules: [{ signingProfileArn, repositoryFilters: [{ filter, filterType }] }],
  },
})

const signing: readonly BadDocument[] = [
  [
    'no profile',
    signedBy('release'),
    /Value 'release' at 'signingConfiguration\.rules\.1\.member\.signingProfileArn' .*pattern: arn:aws/,
  ],
  [
    'a version of a profile',
    signedBy(`${profile}/v1`),
    /Value '\S+\/release\/v1' at 'signingConfiguration\.rules\.1\.member\.signingProfileArn' /,
  ],
  [
    'a filter outside the grammar',
    signedBy(profile, 'A'),
    /Value 'A' at 'signingConfiguration\.rules\.1\.member\.repositoryFilters\.1\.member\.filter' /,
  ],
  [
    'the kind of another list',
    signedBy(profile, 'a', 'WILDCARD'),
    /Value 'WILDCARD' at .*\[WILDCARD_MATCH\]$/,
  ],
]

const pullThrough: readonly BadDocument[] = [
  [
    'too short a prefix',
    { ecrRepositoryPrefix: 'q', upstreamRegistryUrl: 'quay.io' },
    /Value 'q' at 'ecrRepositoryPrefix' .*greater than or equal to 2$/,
  ],
  [
    'no host of an upstream',
    { ecrRepositoryPrefix: 'qq', upstreamRegistryUrl: 'https://quay.io' },
    /^upstreamRegistryUrl "https:\/\/quay\.io" is not the host of a supported registry, written without scheme and path: .*quay\.io/,
  ],
  [
    'no credentials',
    { ecrRepositoryPrefix: 'qq', upstreamRegistryUrl: 'registry-1.docker.io' },
    /^credentialArn must be given for the upstream docker-hub/,
  ],
  [
    'a secret of another name',
    {
      ecrRepositoryPrefix: 'qq',
      upstreamRegistryUrl: 'quay.io',
      credentialArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:other/hub-AbCdEf',
    },
    /Value '\S+other\/hub-AbCdEf' at 'credentialArn' .*ecr-pullthroughcache/,
  ],
]

export const badDocuments: readonly (readonly [
  operation: string,
  cases: readonly BadDocument[],
])[] = [
  ['SetRepositoryPolicy', repositoryPolicies],
  ['PutRegistryPolicy', registryPolicies],
  ['PutLifecyclePolicy', lifecyclePolicies],
  ['StartLifecyclePolicyPreview', lifecyclePolicies],
  ['PutRegistryScanningConfiguration', scanning],
  ['CreateRepositoryCreationTemplate', templates],
  ['PutImageTagMutability', filters],
  ['PutReplicationConfiguration', replication],
  ['PutSigningConfiguration', signing],
  ['CreatePullThroughCacheRule', pullThrough],
]
