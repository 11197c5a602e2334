// The operations on lifecycle policies and storage classes: input model, IAM action, resource, and what runs.
import { Type } from 'typebox'
import { operation, type Operation } from '../protocol/operation.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { deleteLifecyclePolicy } from './delete-lifecycle-policy.ts'
import { getLifecyclePolicy } from './get-lifecycle-policy.ts'
import { getLifecyclePolicyPreview } from './get-lifecycle-policy-preview.ts'
import { putLifecyclePolicy } from './put-lifecycle-policy.ts'
import { imageId, onRepository, repository } from './repository-input.ts'
import { startLifecyclePolicyPreview } from './start-lifecycle-policy-preview.ts'
import { updateImageStorageClass } from './update-image-storage-class.ts'

const lifecyclePolicyText = Type.String({ minLength: 100, maxLength: 30_720 })

export const lifecycleOperations: readonly Operation<EcrDeps, EcrCall>[] = [
  operation({
    name: 'PutLifecyclePolicy',
    input: Type.Object({ ...repository, lifecyclePolicyText }),
    action: 'ecr:PutLifecyclePolicy',
    resources: onRepository,
    errorStyle: 'validation',
    run: putLifecyclePolicy,
  }),
  operation({
    name: 'GetLifecyclePolicy',
    input: Type.Object(repository),
    action: 'ecr:GetLifecyclePolicy',
    resources: onRepository,
    errorStyle: 'validation',
    run: getLifecyclePolicy,
  }),
  operation({
    name: 'DeleteLifecyclePolicy',
    input: Type.Object(repository),
    action: 'ecr:DeleteLifecyclePolicy',
    resources: onRepository,
    errorStyle: 'validation',
    run: deleteLifecyclePolicy,
  }),
  operation({
    name: 'StartLifecyclePolicyPreview',
    input: Type.Object({
      ...repository,
      lifecyclePolicyText: Type.Optional(lifecyclePolicyText),
    }),
    action: 'ecr:StartLifecyclePolicyPreview',
    resources: onRepository,
    errorStyle: 'validation',
    run: startLifecyclePolicyPreview,
  }),
  operation({
    name: 'GetLifecyclePolicyPreview',
    input: Type.Object({
      ...repository,
      imageIds: Type.Optional(Type.Array(imageId, { minItems: 1, maxItems: 100 })),
      nextToken: Type.Optional(Type.String({ maxLength: 8192 })),
      maxResults: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
      filter: Type.Optional(
        Type.Object({ tagStatus: Type.Optional(Type.Enum(['TAGGED', 'UNTAGGED', 'ANY'])) }),
      ),
    }),
    action: 'ecr:GetLifecyclePolicyPreview',
    resources: onRepository,
    errorStyle: 'validation',
    run: getLifecyclePolicyPreview,
  }),
  operation({
    name: 'UpdateImageStorageClass',
    input: Type.Object({
      ...repository,
      imageId,
      targetStorageClass: Type.Enum(['STANDARD', 'ARCHIVE']),
    }),
    action: 'ecr:UpdateImageStorageClass',
    resources: onRepository,
    errorStyle: 'validation',
    run: updateImageStorageClass,
  }),
]
