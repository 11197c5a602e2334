// As error-cases.ts, of what belongs to a registry as a whole: templates, exclusions, signing, referrers.
import type { ErrorCase } from './error-cases.ts'
import { app, type ErrorPlace } from './error-place.ts'
import { valueAt } from './scenario-state.ts'

type Cases = Readonly<Record<string, Readonly<Record<string, ErrorCase>>>>

const noInput = 'the operation has no input that could be wrong'
const ofTheModel =
  'what breaks the model is ValidationException here, and its input has nothing else to be wrong'
const wrongToken = /^Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token/
const neither =
  /^Invalid parameter at 'imageId' failed to satisfy constraint: 'Invalid request parameters: both tag and digest cannot be null'$/
const shortPrefix =
  /^1 validation error detected: Value 'UPPER' at 'prefix' failed to satisfy constraint: Member must satisfy regular expression pattern: /
const badPrefix = { input: { prefix: 'UPPER', appliedFor: [] }, says: shortPrefix }

async function makeTemplate(place: ErrorPlace, prefix: string): Promise<object> {
  const input = { prefix, appliedFor: ['REPLICATION'] }
  await place.call('CreateRepositoryCreationTemplate', input)
  return input
}

const templates: Cases = {
  CreateRepositoryCreationTemplate: {
    ValidationException: badPrefix,
    InvalidParameterException: {
      input: {
        prefix: 'errors',
        appliedFor: [],
        imageTagMutability: 'MUTABLE',
        imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'v*' }],
      },
      says: /^Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'ImageTagMutabilityExclusionFilters are not allowed when imageTagMutability is set as MUTABLE'$/,
    },
    TemplateAlreadyExistsException: {
      prepare: (place) => makeTemplate(place, 'errors/twice'),
      says: /errors\/twice/,
    },
    LimitExceededException: {
      prepare: async (place) => {
        for (let number = 3; number <= 50; number += 1) await makeTemplate(place, `many/t${number}`)
        return { prefix: 'many/last', appliedFor: ['REPLICATION'] }
      },
      says: /^account 123456789012 has 50 repository creation templates, as many as it may have$/,
    },
  },
  UpdateRepositoryCreationTemplate: {
    ValidationException: badPrefix,
    InvalidParameterException: {
      prepare: async (place) => {
        await makeTemplate(place, 'errors/change')
        return { prefix: 'errors/change', lifecyclePolicy: '{"rules":[]}' }
      },
      says: /^Invalid parameter at 'lifecyclePolicy' failed to satisfy constraint: 'Lifecycle policy validation failure: /,
    },
    TemplateNotFoundException: { input: { prefix: 'absent' }, says: /absent/ },
  },
  DeleteRepositoryCreationTemplate: {
    ValidationException: badPrefix,
    InvalidParameterException: ofTheModel,
    TemplateNotFoundException: { input: { prefix: 'absent' }, says: /absent/ },
  },
  DescribeRepositoryCreationTemplates: {
    ValidationException: {
      input: { maxResults: 0 },
      says: /^1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1$/,
    },
    InvalidParameterException: { input: { nextToken: 'foreign' }, says: wrongToken },
  },
}

const role = (name: string): object => ({ principalArn: `arn:aws:iam::123456789012:role/${name}` })
const noRole = {
  input: { principalArn: 'arn:aws:iam::123456789012:user/dev' },
  says: /^principalArn arn:aws:iam::123456789012:user\/dev is not the ARN of an IAM role/,
}
const noArn =
  /^1 validation error detected: Value 'me' at 'principalArn' failed to satisfy constraint: Member must satisfy regular expression pattern: /

const exclusions: Cases = {
  RegisterPullTimeUpdateExclusion: {
    ValidationException: noRole,
    InvalidParameterException: ofTheModel,
    ExclusionAlreadyExistsException: {
      prepare: async (place) => {
        await place.call('RegisterPullTimeUpdateExclusion', role('twice'))
        return role('twice')
      },
      says: /^pulls of principalArn \S+:role\/twice are excluded already/,
    },
    LimitExceededException: {
      prepare: async (place) => {
        for (let number = 1; number < 100; number += 1)
          await place.call('RegisterPullTimeUpdateExclusion', role(`many${number}`))
        return role('last')
      },
      says: /^the registry with id '123456789012' excludes 100 roles, which is as many as it may$/,
    },
  },
  DeregisterPullTimeUpdateExclusion: {
    ValidationException: { input: { principalArn: 'me' }, says: noArn },
    InvalidParameterException: ofTheModel,
    LimitExceededException: 'taking away has no limit',
    ExclusionNotFoundException: {
      input: role('absent'),
      says: /^pulls of principalArn \S+:role\/absent are not excluded/,
    },
  },
  ListPullTimeUpdateExclusions: {
    ValidationException: { input: { maxResults: 1001 }, says: /at 'maxResults'/ },
    InvalidParameterException: { input: { nextToken: 'foreign' }, says: wrongToken },
    LimitExceededException: 'reads have no quota',
  },
}

const noConfiguration = {
  input: {},
  says: /^the registry with id '123456789012' has no signing configuration$/,
}

const signing: Cases = {
  PutSigningConfiguration: {
    InvalidParameterException: ofTheModel,
    ValidationException: {
      input: { signingConfiguration: { rules: [{ signingProfileArn: 'release' }] } },
      says: /^1 validation error detected: Value 'release' at 'signingConfiguration\.rules\.1\.member\.signingProfileArn' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
    },
  },
  GetSigningConfiguration: {
    InvalidParameterException: noInput,
    ValidationException: noInput,
    SigningConfigurationNotFoundException: noConfiguration,
  },
  DeleteSigningConfiguration: {
    ValidationException: noInput,
    SigningConfigurationNotFoundException: noConfiguration,
  },
  DescribeImageSigningStatus: {
    InvalidParameterException: { input: { ...app, imageId: {} }, says: neither },
  },
  ListImageReferrers: {
    InvalidParameterException: {
      input: { ...app, subjectId: { imageDigest: 'v1' } },
      says: /^Invalid parameter at 'subjectId\.imageDigest' failed to satisfy constraint: '"v1" is not a digest'$/,
    },
    UnableToListUpstreamImageReferrersException:
      'referrers are those that the registry holds; upstreams are not asked for them',
  },
}

const atOnce = 'a backfill is never in progress: it ends in the moment that it is asked for'
const noBackfill = {
  input: { replicationBackfillId: '00000000-0000-0000-0000-000000000000' },
  says: /00000000-0000-0000-0000-000000000000/,
}
const noBackfillId = {
  input: { replicationBackfillId: 'b1' },
  says: /^1 validation error detected: Value 'b1' at 'replicationBackfillId' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
}
const destination = { region: 'eu-west-1', registryId: '210987654321' }

async function endBackfill(place: ErrorPlace): Promise<object> {
  const replicationConfiguration = { rules: [{ destinations: [destination] }] }
  await place.call('PutReplicationConfiguration', { replicationConfiguration })
  const started = await place.call('StartReplicationBackfill', { destination })
  return { replicationBackfillId: valueAt(started, 'replicationBackfillId') }
}

const replication: Cases = {
  PutReplicationConfiguration: {
    ValidationException: {
      input: {
        replicationConfiguration: { rules: [{ destinations: [{ region: 'x', registryId: '1' }] }] },
      },
      says: /^3 validation errors detected: Value 'x' at 'replicationConfiguration\.rules\.1\.member\.destinations\.1\.member\.region' failed to satisfy constraint: Member must have length greater than or equal to 2; Value /,
    },
    InvalidParameterException: {
      input: {
        replicationConfiguration: {
          rules: [{ destinations: [{ region: 'us-east-1', registryId: '123456789012' }] }],
        },
      },
      says: /^Invalid parameter at 'replicationConfiguration' failed to satisfy constraint: 'Replication destination cannot be the same as the source registry: rules\.1\.member\.destinations\.1\.member/,
    },
  },
  DescribeImageReplicationStatus: {
    InvalidParameterException: { input: { ...app, imageId: {} }, says: neither },
  },
  StartReplicationBackfill: {
    InvalidParameterException: ofTheModel,
    ValidationException: {
      input: { destination: { region: 'ap-south-1', registryId: '210987654321' } },
      says: /^destination: region ap-south-1 of registry 210987654321 is in no rule of the replication configuration/,
    },
    LimitExceededException: atOnce,
    ReplicationBackfillInProgressException: atOnce,
  },
  StopReplicationBackfill: {
    InvalidParameterException: ofTheModel,
    ValidationException: noBackfillId,
    ReplicationBackfillNotFoundException: noBackfill,
    ReplicationBackfillInvalidStatusException: {
      prepare: endBackfill,
      says: / is FAILED: only one that is in progress can be stopped$/,
    },
  },
  DescribeReplicationBackfillResults: {
    InvalidParameterException: {
      prepare: async (place) => ({ ...(await endBackfill(place)), nextToken: 'foreign' }),
      says: wrongToken,
    },
    ValidationException: noBackfillId,
    ReplicationBackfillNotFoundException: noBackfill,
  },
  ListReplicationBackfills: {
    InvalidParameterException: { input: { nextToken: 'foreign' }, says: wrongToken },
    ValidationException: { input: { maxResults: 51 }, says: /at 'maxResults'/ },
  },
}

const noSecrets =
  'secrets are not read: rules are kept and not carried out, and an ARN is held against its grammar alone'
const quay = (ecrRepositoryPrefix: string): object => ({
  ecrRepositoryPrefix,
  upstreamRegistryUrl: 'quay.io',
})
const noRule = {
  input: { ecrRepositoryPrefix: 'absent', customRoleArn: 'arn:aws:iam::123456789012:role/r' },
  says: /^there is no pull through cache rule with the prefix 'absent' in the registry with id '123456789012'$/,
}
const noPrefix = {
  input: { ecrRepositoryPrefix: 'UPPER' },
  says: /^1 validation error detected: Value 'UPPER' at 'ecrRepositoryPrefix' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
}

const pullThrough: Cases = {
  CreatePullThroughCacheRule: {
    InvalidParameterException: ofTheModel,
    SecretNotFoundException: noSecrets,
    UnableToAccessSecretException: noSecrets,
    UnableToDecryptSecretValueException: noSecrets,
    ValidationException: {
      input: { ...quay('ROOT'), upstreamRepositoryPrefix: 'team' },
      says: /^upstreamRepositoryPrefix team needs an ecrRepositoryPrefix other than ROOT$/,
    },
    UnsupportedUpstreamRegistryException: {
      input: { ecrRepositoryPrefix: 'own', upstreamRegistryUrl: 'registry.example.org' },
      says: /registry\.example\.org/,
    },
    PullThroughCacheRuleAlreadyExistsException: {
      prepare: async (place) => {
        await place.call('CreatePullThroughCacheRule', quay('twice'))
        return quay('twice/')
      },
      says: /^a pull through cache rule with the prefix 'twice' exists already in the registry with id '123456789012'$/,
    },
    LimitExceededException: {
      prepare: async (place) => {
        for (let number = 1; number < 50; number += 1)
          await place.call('CreatePullThroughCacheRule', quay(`many${number}`))
        return quay('last')
      },
      says: /^the registry with id '123456789012' has 50 pull through cache rules, which is as many as it may$/,
    },
  },
  UpdatePullThroughCacheRule: {
    InvalidParameterException: ofTheModel,
    SecretNotFoundException: noSecrets,
    UnableToAccessSecretException: noSecrets,
    UnableToDecryptSecretValueException: noSecrets,
    ValidationException: noPrefix,
    PullThroughCacheRuleNotFoundException: noRule,
  },
  DeletePullThroughCacheRule: {
    InvalidParameterException: ofTheModel,
    ValidationException: noPrefix,
    PullThroughCacheRuleNotFoundException: noRule,
  },
  ValidatePullThroughCacheRule: {
    InvalidParameterException: ofTheModel,
    ValidationException: noPrefix,
    PullThroughCacheRuleNotFoundException: noRule,
  },
  DescribePullThroughCacheRules: {
    InvalidParameterException: { input: { nextToken: 'foreign' }, says: wrongToken },
    ValidationException: { input: { maxResults: 0 }, says: /at 'maxResults'/ },
    PullThroughCacheRuleNotFoundException: {
      input: { ecrRepositoryPrefixes: ['absent'] },
      says: noRule.says,
    },
  },
}

export const registryErrorCases: Cases = {
  ...pullThrough,
  ...templates,
  ...exclusions,
  ...signing,
  ...replication,
}
