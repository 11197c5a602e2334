// Purpose:  AWS's own managed policies, as far as they concern a registry.
// Spec:     AWS Managed Policy Reference Guide; Amazon ECR User Guide, "AWS managed policies for Amazon ECR".
// Input:    an ARN of hostile text, for the lookup.
// Deviates: ReadOnlyAccess holds what AWS's has of ECR and nothing of services that are not here; ids are ours; dates are exact to the day.
// Unknowns: an ARN that is not in the table → undefined.

export interface AwsManagedPolicy {
  readonly arn: string
  /** `ANPA` and the first 17 base-32 digits of the ARN's SHA-256: the same in every installation. */
  readonly id: string
  readonly name: string
  readonly path: string
  readonly description: string
  /** The only version that is served. */
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  /** False for what AWS attaches to its own service-linked roles only. */
  readonly isAttachable: boolean
  /** The document's text. */
  readonly document: string
}

const pullActions = [
  'ecr:GetAuthorizationToken',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
  'ecr:BatchImportUpstreamImage',
]

const readActions = [
  'ecr:GetAuthorizationToken',
  'ecr:BatchCheckLayerAvailability',
  'ecr:GetDownloadUrlForLayer',
  'ecr:GetRepositoryPolicy',
  'ecr:DescribeRepositories',
  'ecr:ListImages',
  'ecr:DescribeImages',
  'ecr:BatchGetImage',
  'ecr:GetLifecyclePolicy',
  'ecr:GetLifecyclePolicyPreview',
  'ecr:ListTagsForResource',
  'ecr:DescribeImageScanFindings',
]

const pushActions = [
  'ecr:InitiateLayerUpload',
  'ecr:UploadLayerPart',
  'ecr:CompleteLayerUpload',
  'ecr:PutImage',
]

function allow(action: readonly string[] | string): object {
  return { Effect: 'Allow', Action: action, Resource: '*' }
}

function documentOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2)
}

const serviceRolePath = '/aws-service-role/'

/** Every one, by its ARN. */
export const awsManagedPolicies: ReadonlyMap<string, AwsManagedPolicy> = new Map(
  [
    policy({
      name: 'AdministratorAccess',
      id: 'ANPAXUEARDEVTUHKHZ23E',
      description: 'Provides full access to AWS services and resources.',
      version: 1,
      created: '2015-02-06',
      document: documentOf(allow('*')),
    }),
    policy({
      name: 'ReadOnlyAccess',
      id: 'ANPAFI55UOPBKUWLEKB5V',
      description: 'Provides read-only access to the services and resources of this registry.',
      version: 1,
      created: '2015-02-06',
      document: documentOf(
        allow(['ecr:BatchCheck*', 'ecr:BatchGet*', 'ecr:Describe*', 'ecr:Get*', 'ecr:List*']),
      ),
    }),
    policy({
      name: 'AmazonEC2ContainerRegistryPullOnly',
      id: 'ANPAL6PP6SBONZWT2PTWZ',
      description: 'Provides pull-only access to images in Amazon EC2 Container Registry.',
      version: 1,
      created: '2024-10-10',
      document: documentOf(allow(pullActions)),
    }),
    policy({
      name: 'AmazonEC2ContainerRegistryReadOnly',
      id: 'ANPAYKM4D2IJY5BYQLZJ3',
      description: 'Provides read-only access to Amazon EC2 Container Registry repositories.',
      version: 3,
      created: '2015-12-21',
      updated: '2019-12-10',
      document: documentOf(allow(readActions)),
    }),
    policy({
      name: 'AmazonEC2ContainerRegistryPowerUser',
      id: 'ANPAOEQO4HPNVQOOMTORE',
      description:
        'Provides full access to Amazon EC2 Container Registry repositories, but does not allow repository deletion or policy changes.',
      version: 3,
      created: '2015-12-21',
      updated: '2019-12-10',
      document: documentOf(allow([...readActions, ...pushActions])),
    }),
    policy({
      name: 'AmazonEC2ContainerRegistryFullAccess',
      id: 'ANPAGNIMR4WKDE2R36R4N',
      description: 'Provides administrative access to Amazon ECR resources.',
      version: 3,
      created: '2015-12-21',
      updated: '2020-12-04',
      document: documentOf(allow(['ecr:*', 'cloudtrail:LookupEvents']), {
        ...allow(['iam:CreateServiceLinkedRole']),
        Condition: {
          StringEquals: { 'iam:AWSServiceName': ['replication.ecr.amazonaws.com'] },
        },
      }),
    }),
    policy({
      name: 'ECRReplicationServiceRolePolicy',
      path: serviceRolePath,
      id: 'ANPASI7JXZSNOO4PDDGRH',
      description: 'Enables access to what ECR replication uses or manages.',
      version: 1,
      created: '2020-12-04',
      document: documentOf(allow(['ecr:CreateRepository', 'ecr:ReplicateImage'])),
    }),
    policy({
      name: 'AWSECRPullThroughCache_ServiceRolePolicy',
      path: serviceRolePath,
      id: 'ANPA6GCKLAH456NDSWTU6',
      description: 'Enables access to what the ECR pull through cache uses or manages.',
      version: 3,
      created: '2021-11-26',
      updated: '2025-03-06',
      document: documentOf(
        {
          Sid: 'ECR',
          ...allow([
            'ecr:GetAuthorizationToken',
            'ecr:BatchCheckLayerAvailability',
            ...pushActions,
            'ecr:BatchGetImage',
            'ecr:BatchImportUpstreamImage',
            'ecr:GetDownloadUrlForLayer',
            'ecr:GetImageCopyStatus',
          ]),
        },
        {
          Sid: 'SecretsManager',
          Effect: 'Allow',
          Action: ['secretsmanager:GetSecretValue'],
          Resource: 'arn:aws:secretsmanager:*:*:secret:ecr-pullthroughcache/*',
          Condition: { StringEquals: { 'aws:ResourceAccount': '${aws:PrincipalAccount}' } },
        },
      ),
    }),
    policy({
      name: 'ECRTemplateServiceRolePolicy',
      path: serviceRolePath,
      id: 'ANPATMQTG4H3EF3RRXUEE',
      description: 'Enables ECR to create repositories from creation templates.',
      version: 1,
      created: '2024-06-20',
      document: documentOf({
        Sid: 'CreateRepositoryWithTemplate',
        ...allow(['ecr:CreateRepository']),
      }),
    }),
  ].map((one) => [one.arn, one]),
)

/** What every installation's first user has attached. */
export const administratorAccessArn = 'arn:aws:iam::aws:policy/AdministratorAccess'

/** Whether the ARN is in AWS's own namespace, where nobody here makes or changes a policy. */
export function isAwsManagedArn(arn: string): boolean {
  return arn.startsWith('arn:aws:iam::aws:policy/')
}

function policy(row: {
  readonly name: string
  readonly path?: string
  readonly id: string
  readonly description: string
  readonly version: number
  readonly created: string
  readonly updated?: string
  readonly document: string
}): AwsManagedPolicy {
  const { name, path = '/', id, description, version, document } = row
  return {
    arn: `arn:aws:iam::aws:policy${path}${name}`,
    id,
    name,
    path,
    description,
    version,
    createdAt: `${row.created}T00:00:00Z`,
    updatedAt: `${row.updated ?? row.created}T00:00:00Z`,
    isAttachable: path !== serviceRolePath,
    document,
  }
}
