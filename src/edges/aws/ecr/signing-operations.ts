// The operations on which images are signed: input model, IAM action, resource, and what runs.
import { Type } from 'typebox'
import {
  maxSigningFilters,
  maxSigningRules,
  signingFilterPattern,
  signingProfilePattern,
} from '../../../trust/rules/signing-configuration.ts'
import { operation, type Operation } from '../protocol/operation.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { deleteSigningConfiguration } from './delete-signing-configuration.ts'
import { describeImageSigningStatus } from './describe-image-signing-status.ts'
import { getSigningConfiguration } from './get-signing-configuration.ts'
import { putSigningConfiguration } from './put-signing-configuration.ts'
import { imageId, onEverything, onRepository, repository } from './repository-input.ts'

const filter = Type.Object({
  filter: Type.String({ minLength: 1, maxLength: 256, pattern: signingFilterPattern }),
  filterType: Type.Enum(['WILDCARD_MATCH']),
})
const rule = Type.Object({
  signingProfileArn: Type.String({ maxLength: 200, pattern: signingProfilePattern }),
  repositoryFilters: Type.Optional(
    Type.Array(filter, { minItems: 1, maxItems: maxSigningFilters }),
  ),
})

export const signingOperations: readonly Operation<EcrDeps, EcrCall>[] = [
  operation({
    name: 'PutSigningConfiguration',
    input: Type.Object({
      signingConfiguration: Type.Object({
        rules: Type.Array(rule, { maxItems: maxSigningRules }),
      }),
    }),
    action: 'ecr:PutSigningConfiguration',
    resources: onEverything,
    errorStyle: 'validation',
    run: putSigningConfiguration,
  }),
  operation({
    name: 'GetSigningConfiguration',
    input: Type.Object({}),
    action: 'ecr:GetSigningConfiguration',
    resources: onEverything,
    errorStyle: 'validation',
    run: getSigningConfiguration,
  }),
  operation({
    name: 'DeleteSigningConfiguration',
    input: Type.Object({}),
    action: 'ecr:DeleteSigningConfiguration',
    resources: onEverything,
    errorStyle: 'validation',
    run: deleteSigningConfiguration,
  }),
  operation({
    name: 'DescribeImageSigningStatus',
    input: Type.Object({ ...repository, imageId }),
    action: 'ecr:DescribeImageSigningStatus',
    resources: onRepository,
    errorStyle: 'validation',
    run: describeImageSigningStatus,
  }),
]
