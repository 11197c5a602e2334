// For each operation the exceptions that the model lists for it: how it is provoked, or why it cannot be.
import type { ErrorPlace } from './error-place.ts'
import { registryErrorCases } from './registry-error-cases.ts'
import { app, appArn, digestOf, indexOf } from './error-place.ts'

/** A text: why the exception cannot come. */
export type ErrorCase = string | Provocation

export interface Provocation {
  /** What the operation is asked; what is needed before is done first. */
  readonly input?: object
  /** The input where it needs something to be done before. */
  readonly prepare?: (place: ErrorPlace) => Promise<object>
  readonly says: RegExp
  /** How often it is asked in one moment; one of them must be refused. */
  readonly atOnce?: number
  /** Undoes what would be in the way of the other cases. */
  readonly after?: (place: ErrorPlace) => Promise<void>
  /** Members beside the message. */
  readonly members?: Readonly<Record<string, unknown>>
}

type Cases = Readonly<Record<string, Readonly<Record<string, ErrorCase>>>>

const account = '123456789012'
const v1 = { imageTag: 'v1' }
const neither = 'Invalid request parameters: both tag and digest cannot be null'
const noInput = 'the operation has no input that could be wrong'
const ofTheModel =
  'what breaks the model is ValidationException here, and its input has nothing else to be wrong'
const asParameter = 'what is wrong in its input is InvalidParameterException'
const foreignToken = { ...app, nextToken: 'foreign' }
const wrongToken = /^Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token/
const emptyImageId = {
  input: { ...app, imageId: {} },
  says: new RegExp(`^Invalid parameter at 'imageId' failed to satisfy constraint: '${neither}'$`),
}
const noPolicy =
  /^Lifecycle policy does not exist for the repository with name 'errors\/app' in the registry with id '123456789012'$/
const tagged = (...keys: readonly string[]) => keys.map((Key) => ({ Key, Value: '' }))
const fiftyOne = Array.from({ length: 51 }, (_, index) => `key${index}`)
const tooMany = /^At most 50 tags are possible, 51 were given$/
const badArn = {
  input: { resourceArn: 'arn:aws:s3:::bucket', tags: [], tagKeys: [] },
  says: /^Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'$/,
}

async function setQuota(place: ErrorPlace, limits: string): Promise<void> {
  const path = `/pratique/v1/quotas?repository=${app.repositoryName}&${limits}`
  const headers = { authorization: place.authorization }
  const answer = await fetch(place.url + path, { method: 'POST', headers })
  if (!answer.ok) throw new Error(await answer.text())
}

const withoutQuota = async (place: ErrorPlace): Promise<void> =>
  setQuota(place, 'max-bytes=none&max-images=none')

const layers: Cases = {
  UploadLayerPart: {
    InvalidParameterException: {
      prepare: async (place) => ({ ...app, uploadId: await place.upload(), ...range(7, 3) }),
      says: /^Invalid parameter at 'partLastByte' failed to satisfy constraint: 'must not be less than partFirstByte 7'$/,
    },
    InvalidLayerPartException: {
      prepare: async (place) => ({
        ...app,
        uploadId: await place.upload(Buffer.from('abc')),
        ...range(5, 7),
      }),
      says: /^the chunk begins at byte 5, the upload has 3 bytes/,
      members: { registryId: account, repositoryName: 'errors/app', lastValidByteReceived: 2 },
    },
    UploadNotFoundException: {
      input: { ...app, uploadId: '00000000-0000-0000-0000-000000000000', ...range(0, 2) },
      says: /^The upload with id '00000000-0000-0000-0000-000000000000' was not found in the repository with name 'errors\/app'$/,
    },
    LimitExceededException: {
      prepare: async (place) => {
        await setQuota(place, 'max-bytes=1')
        return { ...app, uploadId: await place.upload(), ...range(0, 2) }
      },
      after: withoutQuota,
      says: /^the quota of repository errors\/app is 1 bytes; /,
    },
  },
  CompleteLayerUpload: {
    EmptyUploadException: {
      prepare: async (place) => completion(await place.upload(), digestOf('')),
      says: /has no bytes$/,
    },
    InvalidLayerException: {
      prepare: async (place) => completion(await place.upload(Buffer.from('abc')), digestOf('abd')),
      says: /digest/,
    },
    LayerAlreadyExistsException: {
      prepare: async (place) =>
        completion(await place.upload(Buffer.from('abc')), place.layerDigest),
      says: /^layer sha256:[a-f0-9]{64} exists already$/,
    },
    LayerPartTooSmallException: {
      prepare: async (place) =>
        completion(await place.upload(Buffer.from('a'), Buffer.from('b')), digestOf('ab')),
      says: /^layer parts other than the last must have at least 5 MiB$/,
    },
    // Also of one that was completed already.
    UploadNotFoundException: {
      prepare: async (place) => {
        const done = completion(await place.upload(Buffer.from('once')), digestOf('once'))
        await place.call('CompleteLayerUpload', done)
        return done
      },
      says: /^The upload with id '[0-9a-f-]{36}' was not found in the repository with name 'errors\/app'$/,
    },
  },
  GetDownloadUrlForLayer: {
    LayerInaccessibleException: {
      prepare: async (place) => {
        const uploadId = await place.upload(Buffer.from('lonely'))
        await place.call('CompleteLayerUpload', completion(uploadId, digestOf('lonely')))
        return { ...app, layerDigest: digestOf('lonely') }
      },
      says: /is not referenced by any image in the repository with name 'errors\/app'$/,
    },
    LayersNotFoundException: {
      input: { ...app, layerDigest: digestOf('never pushed') },
      says: /^The layer with digest 'sha256:[a-f0-9]{64}' does not exist in the repository/,
    },
    UnableToGetUpstreamLayerException:
      'the address is that of a layer which the registry holds; upstreams are not asked for it',
  },
}

function range(partFirstByte: number, partLastByte: number): object {
  return { partFirstByte, partLastByte, layerPartBlob: Buffer.from('abc') }
}

function completion(uploadId: string, digest: string): object {
  return { ...app, uploadId, layerDigests: [digest] }
}

const images: Cases = {
  PutImage: {
    ImageAlreadyExistsException: {
      prepare: async ({ manifest }) => Promise.resolve({ ...app, imageManifest: manifest, ...v1 }),
      says: /^Image with digest 'sha256:[a-f0-9]{64}' and tag 'v1' already exists in the repository with name 'errors\/app' in registry with id '123456789012'$/,
    },
    ImageDigestDoesNotMatchException: {
      prepare: async ({ manifest }) =>
        Promise.resolve({ ...app, imageManifest: manifest, imageDigest: digestOf('other') }),
      says: /^the manifest has the digest sha256:[a-f0-9]{64}, not sha256:/,
    },
    ImageTagAlreadyExistsException: {
      prepare: async ({ manifest }) =>
        Promise.resolve({ ...app, imageManifest: `${manifest}\n`, ...v1 }),
      says: /^The image tag 'v1' already exists in the 'errors\/app' repository and cannot be overwritten because the repository is immutable\.$/,
    },
    LayersNotFoundException: {
      prepare: async ({ manifest, layerDigest }) =>
        Promise.resolve({
          ...app,
          imageManifest: manifest.replaceAll(layerDigest, digestOf('absent')),
        }),
      says: /^Layers with digests 'sha256:[a-f0-9]{64}' required for pushing image into repository do not exist$/,
    },
    ReferencedImagesNotFoundException: {
      input: { ...app, imageManifest: indexOf(digestOf('absent'), 100) },
      says: /^Images with digests 'sha256:[a-f0-9]{64}' required for pushing image into repository/,
    },
    LimitExceededException: {
      prepare: async (place) => {
        await setQuota(place, 'max-images=1')
        return { ...app, imageManifest: `${place.manifest}\t` }
      },
      after: withoutQuota,
      says: /^the quota of repository errors\/app is 1 images; /,
    },
  },
  BatchGetImage: {
    LimitExceededException: 'reads have no quota',
    UnableToGetUpstreamImageException:
      'what cannot be had is a failure in the answer, each image by itself',
  },
  DescribeImages: {
    ImageNotFoundException: {
      input: { ...app, imageIds: [{ imageTag: 'absent' }] },
      says: /^The image with imageId \{imageDigest:'null', imageTag:'absent'\} does not exist within the repository with name 'errors\/app' in the registry with id '123456789012'$/,
    },
  },
  UpdateImageStorageClass: {
    InvalidParameterException: {
      ...emptyImageId,
      input: { ...emptyImageId.input, targetStorageClass: 'ARCHIVE' },
    },
    ImageStorageClassUpdateNotSupportedException: {
      input: { ...app, imageId: { imageTag: 'artifact' }, targetStorageClass: 'ARCHIVE' },
      says: /cannot be archived: it is no image but an artifact of type application\/vnd\.example\.note$/,
    },
  },
}

const scans: Cases = {
  StartImageScan: {
    InvalidParameterException: emptyImageId,
    ImageArchivedException: {
      input: { ...app, imageId: { imageTag: 'archived' } },
      says: /is archived; restore it to have it scanned$/,
    },
    UnsupportedImageTypeException: {
      input: { ...app, imageId: { imageTag: 'artifact' } },
      says: /holds no file system that could be scanned$/,
    },
    LimitExceededException: {
      prepare: async (place) => {
        await place.call('StartImageScan', { ...app, imageId: v1 })
        return { ...app, imageId: v1 }
      },
      says: /^The scan quota per image has been exceeded\. Wait and try again\.$/,
    },
  },
  DescribeImageScanFindings: {
    InvalidParameterException: emptyImageId,
    ScanNotFoundException: {
      input: { ...app, imageId: { imageTag: 'artifact' } },
      says: /^Image scan does not exist for the image with '\{imageDigest:'sha256:[a-f0-9]{64}', imageTag:'artifact'\}' in the repository with name 'errors\/app'/,
    },
  },
  BatchGetRepositoryScanningConfiguration: {
    InvalidParameterException: ofTheModel,
    RepositoryNotFoundException: 'one that is absent is a failure in the answer, each by itself',
    ValidationException: {
      input: { repositoryNames: [] },
      says: /^1 validation error detected: Value '\[\]' at 'repositoryNames' failed to satisfy constraint: Member must have length greater than or equal to 1$/,
    },
  },
  PutImageScanningConfiguration: { InvalidParameterException: ofTheModel },
  GetRegistryScanningConfiguration: {
    InvalidParameterException: noInput,
    ValidationException: noInput,
  },
  PutRegistryScanningConfiguration: {
    InvalidParameterException: ofTheModel,
    BlockedByOrganizationPolicyException: 'there are no organizations above an account',
    ValidationException: {
      input: {
        scanType: 'BASIC',
        rules: [{ scanFrequency: 'CONTINUOUS_SCAN', repositoryFilters: [] }],
      },
      says: /^scan frequency CONTINUOUS_SCAN is not supported for scan type BASIC/,
    },
  },
}

const lifecycle: Cases = {
  GetLifecyclePolicy: {
    InvalidParameterException: ofTheModel,
    LifecyclePolicyNotFoundException: { input: app, says: noPolicy },
  },
  DeleteLifecyclePolicy: {
    InvalidParameterException: ofTheModel,
    LifecyclePolicyNotFoundException: { input: app, says: noPolicy },
  },
  PutLifecyclePolicy: {
    InvalidParameterException: {
      input: { ...app, lifecyclePolicyText: `{"rules":[]}${' '.repeat(100)}` },
      says: /^Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: /,
    },
  },
  StartLifecyclePolicyPreview: {
    InvalidParameterException: {
      input: { ...app, lifecyclePolicyText: 'x'.repeat(100) },
      says: /^Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: Could not map policyString into LifecyclePolicy\. .* stands here \(line 1, column 1\)'$/,
    },
    LifecyclePolicyNotFoundException: { input: app, says: noPolicy },
    LifecyclePolicyPreviewInProgressException: {
      input: preview(),
      // Whichever is first, another comes while it runs.
      atOnce: 20,
      says: /^The lifecycle policy preview of the repository with name 'errors\/app' in the registry with id '123456789012' is in progress$/,
    },
  },
  GetLifecyclePolicyPreview: {
    InvalidParameterException: {
      prepare: async (place) => {
        await completePreview(place)
        return { ...foreignToken }
      },
      says: wrongToken,
    },
    LifecyclePolicyPreviewNotFoundException: {
      input: { repositoryName: 'errors/bare' },
      says: /^Lifecycle policy preview does not exist for the repository with name 'errors\/bare'/,
    },
  },
}

function preview(): object {
  const selection = { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 1 }
  const rules = [{ rulePriority: 1, selection, action: { type: 'expire' } }]
  return { ...app, lifecyclePolicyText: JSON.stringify({ rules }) }
}

async function completePreview(place: ErrorPlace): Promise<void> {
  await place.call('StartLifecyclePolicyPreview', preview()).catch(() => undefined)
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await place.call('GetLifecyclePolicyPreview', app)
    if (JSON.stringify(answer).includes('"status":"COMPLETE"')) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the preview does not end')
}

const repositories: Cases = {
  CreateRepository: {
    RepositoryAlreadyExistsException: {
      input: app,
      says: /^The repository with name 'errors\/app' already exists in the registry with id '123456789012'$/,
    },
    InvalidTagParameterException: {
      input: { repositoryName: 'errors/tagged', tags: tagged('aws:reserved') },
      says: /^tag key aws:reserved begins with aws:, which is reserved$/,
    },
    TooManyTagsException: {
      input: { repositoryName: 'errors/tagged', tags: tagged(...fiftyOne) },
      says: tooMany,
    },
    LimitExceededException:
      'met with a smaller limit in src/registry: a hundred thousand repositories take too long to make here',
  },
  DeleteRepository: {
    RepositoryNotEmptyException: {
      input: app,
      says: /^The repository with name 'errors\/app' in registry with id '123456789012' cannot be deleted because it still contains images$/,
    },
  },
  DescribeRepositories: {
    InvalidParameterException: { input: { nextToken: 'foreign' }, says: wrongToken },
    RepositoryNotFoundException: {
      input: { repositoryNames: ['errors/app', 'absent/repository'] },
      says: /^The repository with name 'absent\/repository' does not exist in the registry with id '123456789012'$/,
    },
  },
  DescribeRegistry: { InvalidParameterException: noInput, ValidationException: noInput },
  TagResource: {
    InvalidParameterException: badArn,
    InvalidTagParameterException: {
      input: { resourceArn: appArn, tags: tagged('k'.repeat(129)) },
      says: /^tag key 'k{128}' has 129 characters; 1 to 128 are possible$/,
    },
    TooManyTagsException: {
      input: { resourceArn: appArn, tags: tagged(...fiftyOne) },
      says: tooMany,
    },
  },
  UntagResource: {
    InvalidParameterException: badArn,
    InvalidTagParameterException: {
      input: { resourceArn: appArn, tagKeys: [''] },
      says: /^tag key '' has 0 characters; 1 to 128 are possible$/,
    },
    TooManyTagsException: { input: { resourceArn: appArn, tagKeys: fiftyOne }, says: tooMany },
  },
  ListTagsForResource: { InvalidParameterException: badArn },
  GetAuthorizationToken: {
    InvalidParameterException: {
      input: { registryIds: ['1'] },
      says: /^Invalid parameter at 'registryIds' failed to satisfy constraint: 'Member must satisfy constraint: \[Member must satisfy regular expression pattern: \[0-9\]\{12\}\]'$/,
    },
  },
}

const policies: Cases = {
  GetRepositoryPolicy: { RepositoryPolicyNotFoundException: noRepositoryPolicy() },
  DeleteRepositoryPolicy: { RepositoryPolicyNotFoundException: noRepositoryPolicy() },
  GetRegistryPolicy: {
    InvalidParameterException: noInput,
    ValidationException: noInput,
    RegistryPolicyNotFoundException: noRegistryPolicy(),
  },
  DeleteRegistryPolicy: {
    InvalidParameterException: noInput,
    ValidationException: noInput,
    RegistryPolicyNotFoundException: noRegistryPolicy(),
  },
  PutRegistryPolicy: {
    ValidationException: asParameter,
    InvalidParameterException: {
      input: { policyText: '{}' },
      says: /^Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid registry policy provided'/,
    },
  },
  GetAccountSetting: {
    InvalidParameterException: ofTheModel,
    ValidationException: {
      input: { name: 'COLOUR' },
      says: /^there is no account setting "COLOUR"; there are BASIC_SCAN_TYPE_VERSION, /,
    },
  },
  PutAccountSetting: {
    InvalidParameterException: ofTheModel,
    LimitExceededException: 'settings may be put as often as anybody likes',
    ValidationException: {
      input: { name: 'BLOB_MOUNTING', value: 'MAYBE' },
      says: /^the value of BLOB_MOUNTING must be ENABLED or DISABLED$/,
    },
  },
}

function noRepositoryPolicy(): Provocation {
  return {
    input: app,
    says: /^Repository policy does not exist for the repository with name 'errors\/app' in the registry with id '123456789012'$/,
  }
}

function noRegistryPolicy(): Provocation {
  return {
    input: {},
    says: /^Registry policy does not exist in the registry with id '123456789012'$/,
  }
}

export const errorCases: Cases = {
  ...registryErrorCases,
  ...repositories,
  ...policies,
  ...lifecycle,
  ...scans,
  ...images,
  ...layers,
}
