// Purpose:  the condition keys this registry knows: what type their values have, and when a request has them.
// Spec:     IAM User Guide, "AWS global condition context keys"; Service Authorization Reference for ECR, STS and IAM.
// Input:    a key as a policy writes it; case makes no difference.
// Deviates: keys of the prefix `pratique:` are this registry's own; AWS knows none of them.
// Unknowns: a key without a row → undefined; a policy may name it, and no request has it.

export type KeyType = 'string' | 'arn' | 'bool' | 'date' | 'ip' | 'numeric'

export interface ContextKey {
  /** As AWS writes it; ends in a slash where the name of a tag follows. */
  readonly name: string
  readonly type: KeyType
  readonly isMultivalued: boolean
  /** `always`: in every request; `signed-in`: of every caller but the anonymous; `sometimes`: a test must reckon without it; `never`: AWS has it, here nothing tells it. */
  readonly presence: 'always' | 'signed-in' | 'sometimes' | 'never'
  /** The caller writes it, and nothing proves it. */
  readonly isForgeable: boolean
  /** Patterns in lower case of the actions whose requests have it; undefined for those of all. */
  readonly actions: readonly string[] | undefined
}

type Row = readonly [
  name: string,
  type: KeyType,
  presence: ContextKey['presence'],
  more?: Partial<Pick<ContextKey, 'isMultivalued' | 'isForgeable' | 'actions'>>,
]

const tagging = [
  'ecr:createrepository',
  'ecr:tagresource',
  'iam:createuser',
  'iam:createrole',
  'iam:createpolicy',
  'iam:createopenidconnectprovider',
  'iam:taguser',
  'iam:tagrole',
  'iam:tagpolicy',
  'iam:tagopenidconnectprovider',
  'sts:assumerole',
  'sts:assumerolewithwebidentity',
  'sts:getfederationtoken',
  'sts:tagsession',
]
const untagging = [
  'ecr:untagresource',
  'iam:untaguser',
  'iam:untagrole',
  'iam:untagpolicy',
  'iam:untagopenidconnectprovider',
]
const assuming = [
  'sts:assumerole',
  'sts:assumerolewithwebidentity',
  'sts:setsourceidentity',
  'sts:tagsession',
]
/** AWS Service Authorization Reference, "Condition keys for AWS Signer". */
const versioned = [
  'signer:signpayload',
  'signer:startsigningjob',
  'signer:getsigningprofile',
  'signer:cancelsigningprofile',
  'signer:revokesigningprofile',
]
const images = ['ecr:putimage', 'ecr:batchgetimage']

const rows: readonly Row[] = [
  ['aws:PrincipalArn', 'arn', 'signed-in'],
  ['aws:PrincipalAccount', 'string', 'signed-in'],
  ['aws:PrincipalType', 'string', 'always'],
  ['aws:userid', 'string', 'always'],
  ['aws:username', 'string', 'sometimes'],
  ['aws:PrincipalTag/', 'string', 'sometimes'],
  ['aws:PrincipalOrgID', 'string', 'sometimes'],
  ['aws:PrincipalOrgPaths', 'string', 'sometimes', { isMultivalued: true }],
  ['aws:PrincipalIsAWSService', 'bool', 'sometimes'],
  ['aws:PrincipalServiceName', 'string', 'sometimes'],
  ['aws:TokenIssueTime', 'date', 'sometimes'],
  ['aws:MultiFactorAuthPresent', 'bool', 'sometimes'],
  ['aws:MultiFactorAuthAge', 'numeric', 'never'],
  ['aws:FederatedProvider', 'string', 'sometimes'],
  ['aws:SourceIdentity', 'string', 'sometimes'],
  ['aws:SourceIp', 'ip', 'sometimes'],
  ['aws:SourceVpc', 'string', 'never'],
  ['aws:SourceVpce', 'string', 'never'],
  ['aws:VpcSourceIp', 'ip', 'never'],
  ['aws:SecureTransport', 'bool', 'always'],
  ['aws:CurrentTime', 'date', 'always'],
  ['aws:EpochTime', 'date', 'always'],
  ['aws:UserAgent', 'string', 'sometimes', { isForgeable: true }],
  ['aws:Referer', 'string', 'sometimes', { isForgeable: true }],
  ['aws:RequestedRegion', 'string', 'always'],
  ['aws:ResourceAccount', 'string', 'sometimes'],
  ['aws:ResourceOrgID', 'string', 'sometimes'],
  ['aws:ResourceTag/', 'string', 'sometimes'],
  ['aws:RequestTag/', 'string', 'sometimes', { actions: tagging }],
  [
    'aws:TagKeys',
    'string',
    'sometimes',
    { isMultivalued: true, actions: [...tagging, ...untagging] },
  ],
  ['aws:ViaAWSService', 'bool', 'always'],
  ['aws:CalledVia', 'string', 'never', { isMultivalued: true }],
  ['aws:CalledViaFirst', 'string', 'never'],
  ['aws:CalledViaLast', 'string', 'never'],
  ['aws:SourceArn', 'arn', 'sometimes'],
  ['aws:SourceAccount', 'string', 'sometimes'],
  ['ecr:ResourceTag/', 'string', 'sometimes'],
  [
    'ecr:AccountSetting',
    'string',
    'sometimes',
    { actions: ['ecr:getaccountsetting', 'ecr:putaccountsetting'] },
  ],
  ['iam:ResourceTag/', 'string', 'sometimes', { actions: ['iam:*', 'sts:*'] }],
  ['iam:PermissionsBoundary', 'arn', 'sometimes', { actions: ['iam:*'] }],
  ['iam:PassedToService', 'string', 'sometimes', { actions: ['iam:passrole'] }],
  ['iam:PolicyARN', 'arn', 'sometimes', { actions: ['iam:*'] }],
  ['iam:AWSServiceName', 'string', 'sometimes', { actions: ['iam:createservicelinkedrole'] }],
  ['sts:ExternalId', 'string', 'sometimes', { actions: ['sts:assumerole'] }],
  ['sts:RoleSessionName', 'string', 'sometimes', { actions: assuming }],
  ['sts:SourceIdentity', 'string', 'sometimes', { actions: assuming }],
  ['sts:TransitiveTagKeys', 'string', 'sometimes', { isMultivalued: true, actions: assuming }],
  ['signer:ProfileVersion', 'string', 'sometimes', { actions: versioned }],
  ['pratique:KeyAlgorithm', 'string', 'sometimes', { actions: ['pratique:createsigningkey'] }],
  ['pratique:Tag', 'string', 'sometimes', { actions: images }],
  ['pratique:MediaType', 'string', 'sometimes', { actions: images }],
  ['pratique:ArtifactType', 'string', 'sometimes', { actions: ['ecr:putimage'] }],
  ['pratique:Digest', 'string', 'sometimes', { actions: images }],
  ['pratique:AuthMethod', 'string', 'signed-in'],
  ['pratique:TlsClientSubject', 'string', 'never'],
]

export const contextKeys: readonly ContextKey[] = rows.map(([name, type, presence, more = {}]) => ({
  name,
  type,
  presence,
  isMultivalued: more.isMultivalued ?? false,
  isForgeable: more.isForgeable ?? false,
  actions: more.actions,
}))

const byName = new Map(contextKeys.map((key) => [key.name.toLowerCase(), key]))

/** The row of a key; of a key with a tag's name the row of its prefix. */
export function findContextKey(key: string): ContextKey | undefined {
  const name = key.toLowerCase()
  const slash = name.indexOf('/')
  if (slash < 0) return byName.get(name)
  return slash < name.length - 1 ? byName.get(name.slice(0, slash + 1)) : undefined
}
