// The operations on how often repositories are scanned: input model, IAM action, resource, and what runs.
import { Type } from 'typebox'
import {
  maxScanningFilterLength,
  scanningFilterPattern,
} from '../../../scanning/rules/scanning-filter.ts'
import { operation, type Operation } from '../protocol/operation.ts'
import { batchGetRepositoryScanningConfiguration } from './batch-get-repository-scanning-configuration.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { putImageScanningConfiguration } from './put-image-scanning-configuration.ts'
import {
  getRegistryScanningConfiguration,
  putRegistryScanningConfiguration,
} from './registry-scanning-configuration.ts'
import {
  onEverything,
  onRepositories,
  onRepository,
  repository,
  repositoryName,
} from './repository-input.ts'

const filter = Type.Object({
  filter: Type.String({
    minLength: 1,
    maxLength: maxScanningFilterLength,
    pattern: scanningFilterPattern,
  }),
  filterType: Type.Enum(['WILDCARD']),
})
const rule = Type.Object({
  scanFrequency: Type.Enum(['SCAN_ON_PUSH', 'CONTINUOUS_SCAN', 'MANUAL']),
  repositoryFilters: Type.Array(filter, { maxItems: 100 }),
})
/** Of a repository, as inputs that make or change one have it. */
export const imageScanningConfiguration = Type.Object({
  scanOnPush: Type.Optional(Type.Boolean()),
})

export const scanningOperations: readonly Operation<EcrDeps, EcrCall>[] = [
  operation({
    name: 'GetRegistryScanningConfiguration',
    input: Type.Object({}),
    action: 'ecr:GetRegistryScanningConfiguration',
    resources: onEverything,
    errorStyle: 'validation',
    run: getRegistryScanningConfiguration,
  }),
  operation({
    name: 'PutRegistryScanningConfiguration',
    input: Type.Object({
      scanType: Type.Optional(Type.Enum(['BASIC', 'ENHANCED'])),
      rules: Type.Optional(Type.Array(rule, { maxItems: 2 })),
    }),
    action: 'ecr:PutRegistryScanningConfiguration',
    resources: onEverything,
    errorStyle: 'validation',
    run: putRegistryScanningConfiguration,
  }),
  operation({
    name: 'PutImageScanningConfiguration',
    input: Type.Object({ ...repository, imageScanningConfiguration }),
    action: 'ecr:PutImageScanningConfiguration',
    resources: onRepository,
    errorStyle: 'validation',
    run: putImageScanningConfiguration,
  }),
  operation({
    name: 'BatchGetRepositoryScanningConfiguration',
    input: Type.Object({
      repositoryNames: Type.Array(repositoryName, { minItems: 1, maxItems: 25 }),
    }),
    action: 'ecr:BatchGetRepositoryScanningConfiguration',
    resources: onRepositories,
    errorStyle: 'validation',
    run: batchGetRepositoryScanningConfiguration,
  }),
]
