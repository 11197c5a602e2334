// The ECR operations that are served: input model, IAM action, resource, and what runs. Constraints are the service model's.
import { Type, type TSchema } from 'typebox'
import { imageKeys, requestTagKeys, type RequestKeys } from '../../../access/request-context.ts'
import { artifactTypeOf, maxManifestBytes, parseManifest } from '../../../oci/manifest.ts'
import { maxArtifactTypes } from '../../../registry/referrer-store.ts'
import { operation, type Operation, type ResourceScope } from '../protocol/operation.ts'
import { batchCheckLayerAvailability } from './batch-check-layer-availability.ts'
import { batchDeleteImage } from './batch-delete-image.ts'
import { batchGetImage } from './batch-get-image.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { completeLayerUpload } from './complete-layer-upload.ts'
import { createRepository } from './create-repository.ts'
import { deleteRepository } from './delete-repository.ts'
import { describeImageScanFindings } from './describe-image-scan-findings.ts'
import { describeImages } from './describe-images.ts'
import { describeRepositories } from './describe-repositories.ts'
import { getAuthorizationToken } from './get-authorization-token.ts'
import { getDownloadUrlForLayer } from './get-download-url-for-layer.ts'
import { initiateLayerUpload } from './initiate-layer-upload.ts'
import { lifecycleOperations } from './lifecycle-operations.ts'
import { listImageReferrers } from './list-image-referrers.ts'
import { listImages } from './list-images.ts'
import { listTagsForResource } from './list-tags-for-resource.ts'
import { replicationOperations } from './replication-operations.ts'
import {
  imageId,
  onEverything,
  onRepositories,
  onRepository,
  registryId,
  repository,
  repositoryName,
} from './repository-input.ts'
import { policyOperations } from './policy-operations.ts'
import { pullThroughOperations } from './pull-through-operations.ts'
import { pullTimeOperations } from './pull-time-operations.ts'
import { putImage } from './put-image.ts'
import { putImageTagMutability } from './put-image-tag-mutability.ts'
import { imageScanningConfiguration, scanningOperations } from './scanning-operations.ts'
import { signingOperations } from './signing-operations.ts'
import { startImageScan } from './start-image-scan.ts'
import { tagResource } from './tag-resource.ts'
import { untagResource } from './untag-resource.ts'
import { repositoryOfArn, type TagShape } from './resource-tags.ts'
import { uploadLayerPart } from './upload-layer-part.ts'

const digest = Type.String({ minLength: 1, maxLength: 256 })
const imageTag = Type.String({ minLength: 1, maxLength: 300 })
const imageIds = listOf(imageId, 1, 100)
const layerDigests = listOf(Type.String({ maxLength: 1000 }), 1, 100)
const uploadId = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
})
const byteOffset = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const paging = {
  nextToken: Type.Optional(Type.String({ maxLength: 8192 })),
  maxResults: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
}
const filter = Type.Optional(
  Type.Object({
    tagStatus: Type.Optional(Type.Enum(['TAGGED', 'UNTAGGED', 'ANY'])),
    imageStatus: Type.Optional(Type.Enum(['ACTIVE', 'ARCHIVED', 'ACTIVATING', 'ANY'])),
  }),
)
const resourceArn = Type.String({ minLength: 1, maxLength: 2048 })
const tag = Type.Object({
  Key: Type.String({ minLength: 1, maxLength: 128 }),
  Value: Type.String({ maxLength: 256 }),
})
/** Base64 of 20,971,520 bytes. */
const layerPartBlob = Type.String({ minLength: 1, maxLength: 27_962_028 })

function listOf<T extends TSchema>(member: T, minItems: number, maxItems: number) {
  return Type.Array(member, { minItems, maxItems })
}

/** An ARN that is none belongs to nobody, so nobody could be asked. */
function onArn(
  input: { readonly resourceArn: string },
  { region }: ResourceScope,
): readonly string[] {
  repositoryOfArn(region, input.resourceArn)
  return [input.resourceArn]
}

function tagKeysOf(tags: readonly TagShape[]): RequestKeys {
  return requestTagKeys(tags.map(({ Key, Value }) => ({ key: Key, value: Value })))
}

function idKeys(
  ids: readonly { readonly imageDigest?: string; readonly imageTag?: string }[],
): RequestKeys {
  return imageKeys({
    tags: ids.flatMap(({ imageTag: named }) => named ?? []),
    digests: ids.flatMap(({ imageDigest }) => imageDigest ?? []),
  })
}

/** Of a manifest that cannot be read nothing is known; it is refused when it is stored. */
function artifactTypeIn(input: {
  readonly imageManifest: string
  readonly imageManifestMediaType?: string
}): string | undefined {
  const bytes = Buffer.from(input.imageManifest)
  if (bytes.byteLength > maxManifestBytes) return undefined
  const result = parseManifest(bytes, input.imageManifestMediaType)
  return result.kind === 'parsed' ? artifactTypeOf(result.manifest) : undefined
}

type EcrOperation = Operation<EcrDeps, EcrCall>

const rows: readonly EcrOperation[] = [
  ...policyOperations,
  ...lifecycleOperations,
  ...scanningOperations,
  ...pullTimeOperations,
  ...signingOperations,
  ...replicationOperations,
  ...pullThroughOperations,
  operation({
    name: 'GetAuthorizationToken',
    input: Type.Object({ registryIds: Type.Optional(listOf(registryId, 1, 10)) }),
    action: 'ecr:GetAuthorizationToken',
    resources: onEverything,
    run: getAuthorizationToken,
  }),
  operation({
    name: 'CreateRepository',
    input: Type.Object({
      ...repository,
      tags: Type.Optional(Type.Array(tag, { maxItems: 200 })),
      imageTagMutability: Type.Optional(Type.String({ maxLength: 64 })),
      imageTagMutabilityExclusionFilters: Type.Optional(
        Type.Array(Type.Unknown(), { maxItems: 5 }),
      ),
      imageScanningConfiguration: Type.Optional(imageScanningConfiguration),
      encryptionConfiguration: Type.Optional(
        Type.Object({ encryptionType: Type.Enum(['AES256', 'KMS', 'KMS_DSSE']) }),
      ),
    }),
    action: 'ecr:CreateRepository',
    furtherActions: ({ tags = [] }) => (tags.length > 0 ? ['ecr:TagResource'] : []),
    resources: onRepository,
    keys: ({ tags }) => tagKeysOf(tags ?? []),
    run: createRepository,
  }),
  operation({
    name: 'DescribeRepositories',
    input: Type.Object({
      registryId: Type.Optional(registryId),
      repositoryNames: Type.Optional(listOf(repositoryName, 1, 100)),
      ...paging,
    }),
    action: 'ecr:DescribeRepositories',
    resources: onRepositories,
    isListing: ({ repositoryNames }) => (repositoryNames ?? []).length === 0,
    run: describeRepositories,
  }),
  operation({
    name: 'DeleteRepository',
    input: Type.Object({ ...repository, force: Type.Optional(Type.Boolean()) }),
    action: 'ecr:DeleteRepository',
    resources: onRepository,
    run: deleteRepository,
  }),
  operation({
    name: 'PutImageTagMutability',
    input: Type.Object({ ...repository, imageTagMutability: Type.String({ maxLength: 64 }) }),
    action: 'ecr:PutImageTagMutability',
    resources: onRepository,
    run: putImageTagMutability,
  }),
  operation({
    name: 'TagResource',
    input: Type.Object({ resourceArn, tags: Type.Array(tag, { maxItems: 200 }) }),
    action: 'ecr:TagResource',
    resources: onArn,
    keys: ({ tags }) => tagKeysOf(tags),
    run: tagResource,
  }),
  operation({
    name: 'UntagResource',
    input: Type.Object({
      resourceArn,
      tagKeys: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 200 }),
    }),
    action: 'ecr:UntagResource',
    resources: onArn,
    keys: ({ tagKeys }) => requestTagKeys(tagKeys.map((key) => ({ key }))),
    run: untagResource,
  }),
  operation({
    name: 'ListTagsForResource',
    input: Type.Object({ resourceArn }),
    action: 'ecr:ListTagsForResource',
    resources: onArn,
    run: listTagsForResource,
  }),
  operation({
    name: 'InitiateLayerUpload',
    input: Type.Object(repository),
    action: 'ecr:InitiateLayerUpload',
    resources: onRepository,
    run: initiateLayerUpload,
  }),
  operation({
    name: 'UploadLayerPart',
    input: Type.Object({
      ...repository,
      uploadId,
      partFirstByte: byteOffset,
      partLastByte: byteOffset,
      layerPartBlob,
    }),
    action: 'ecr:UploadLayerPart',
    resources: onRepository,
    maxBodyBytes: 32 * 1024 * 1024,
    run: (deps: EcrDeps, input, call: EcrCall) =>
      uploadLayerPart(
        deps,
        { ...input, layerPartBlob: Buffer.from(input.layerPartBlob, 'base64') },
        call,
      ),
  }),
  operation({
    name: 'CompleteLayerUpload',
    input: Type.Object({ ...repository, uploadId, layerDigests }),
    action: 'ecr:CompleteLayerUpload',
    resources: onRepository,
    run: completeLayerUpload,
  }),
  operation({
    name: 'BatchCheckLayerAvailability',
    input: Type.Object({ ...repository, layerDigests }),
    action: 'ecr:BatchCheckLayerAvailability',
    resources: onRepository,
    run: batchCheckLayerAvailability,
  }),
  operation({
    name: 'GetDownloadUrlForLayer',
    input: Type.Object({ ...repository, layerDigest: Type.String({ maxLength: 1000 }) }),
    action: 'ecr:GetDownloadUrlForLayer',
    resources: onRepository,
    run: getDownloadUrlForLayer,
  }),
  operation({
    name: 'PutImage',
    input: Type.Object({
      ...repository,
      imageManifest: Type.String({ minLength: 1 }),
      imageManifestMediaType: Type.Optional(Type.String({ maxLength: 255 })),
      imageTag: Type.Optional(imageTag),
      imageDigest: Type.Optional(digest),
    }),
    action: 'ecr:PutImage',
    resources: onRepository,
    keys: (input) => {
      const { imageTag: named, imageDigest } = input
      return imageKeys({
        tags: named === undefined ? [] : [named],
        digests: imageDigest === undefined ? [] : [imageDigest],
        mediaType: input.imageManifestMediaType,
        artifactType: artifactTypeIn(input),
      })
    },
    run: putImage,
  }),
  operation({
    name: 'BatchGetImage',
    input: Type.Object({
      ...repository,
      imageIds,
      acceptedMediaTypes: Type.Optional(
        listOf(Type.String({ minLength: 1, maxLength: 255 }), 1, 100),
      ),
    }),
    action: 'ecr:BatchGetImage',
    resources: onRepository,
    keys: (input) => idKeys(input.imageIds),
    run: batchGetImage,
  }),
  operation({
    name: 'ListImages',
    input: Type.Object({ ...repository, ...paging, filter }),
    action: 'ecr:ListImages',
    resources: onRepository,
    run: listImages,
  }),
  operation({
    name: 'ListImageReferrers',
    input: Type.Object({
      ...repository,
      subjectId: Type.Object({ imageDigest: digest }),
      filter: Type.Optional(
        Type.Object({
          artifactTypes: Type.Optional(
            listOf(Type.String({ minLength: 1, maxLength: 255 }), 0, maxArtifactTypes),
          ),
          artifactStatus: Type.Optional(Type.Enum(['ACTIVE', 'ARCHIVED', 'ACTIVATING', 'ANY'])),
        }),
      ),
      nextToken: paging.nextToken,
      maxResults: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
    }),
    // The operation has no action of its own in AWS's list; its reference names this one.
    action: 'ecr:BatchGetImage',
    resources: onRepository,
    keys: ({ subjectId }) => imageKeys({ tags: [], digests: [subjectId.imageDigest] }),
    errorStyle: 'validation',
    run: listImageReferrers,
  }),
  operation({
    name: 'DescribeImages',
    input: Type.Object({ ...repository, imageIds: Type.Optional(imageIds), ...paging, filter }),
    action: 'ecr:DescribeImages',
    resources: onRepository,
    run: describeImages,
  }),
  operation({
    name: 'BatchDeleteImage',
    input: Type.Object({ ...repository, imageIds }),
    action: 'ecr:BatchDeleteImage',
    resources: onRepository,
    run: batchDeleteImage,
  }),
  operation({
    name: 'StartImageScan',
    input: Type.Object({ ...repository, imageId }),
    action: 'ecr:StartImageScan',
    resources: onRepository,
    errorStyle: 'validation',
    run: startImageScan,
  }),
  operation({
    name: 'DescribeImageScanFindings',
    input: Type.Object({ ...repository, imageId, ...paging }),
    action: 'ecr:DescribeImageScanFindings',
    resources: onRepository,
    errorStyle: 'validation',
    run: describeImageScanFindings,
  }),
]

export const ecrOperations: ReadonlyMap<string, EcrOperation> = new Map(
  rows.map((row) => [row.name, row]),
)
