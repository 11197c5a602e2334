// Reports and exports, as rows of the table of operations.
import { Type } from 'typebox'
import { operation, type Operation } from '../protocol/operation.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { filterCriteria, listOf } from './filter-inputs.ts'
import {
  cancelFindingsReport,
  createFindingsReport,
  getFindingsReportStatus,
} from './findings-reports.ts'
import { everything, rest } from './operation-parts.ts'
import { cancelSbomExport, createSbomExport, getSbomExport } from './sbom-exports.ts'

const destination = Type.Object({
  bucketName: Type.String({ maxLength: 1024 }),
  keyPrefix: Type.Optional(Type.String({ maxLength: 1024 })),
  kmsKeyArn: Type.String({ maxLength: 2048 }),
  expectedBucketOwner: Type.Optional(Type.String({ pattern: '^\\d{12}$' })),
})
const reportId = Type.String({
  maxLength: 100,
  pattern: '\\b[a-f0-9]{8}\\b-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-\\b[a-f0-9]{12}\\b',
})
const resourceFilters = Type.Optional(
  listOf(
    Type.Object({
      comparison: Type.Enum(['EQUALS', 'NOT_EQUALS']),
      value: Type.String({ minLength: 1, maxLength: 1024 }),
    }),
  ),
)
const resourceTags = Type.Optional(
  listOf(
    Type.Object({
      comparison: Type.Enum(['EQUALS']),
      key: Type.String({ minLength: 1 }),
      value: Type.Optional(Type.String({ minLength: 1 })),
    }),
  ),
)

const resourceFilterCriteria = Type.Object({
  accountId: resourceFilters,
  resourceId: resourceFilters,
  resourceType: resourceFilters,
  ecrRepositoryName: resourceFilters,
  ecrImageTags: resourceFilters,
  lambdaFunctionName: resourceFilters,
  lambdaFunctionTags: resourceTags,
  ec2InstanceTags: resourceTags,
  cloudProvider: resourceFilters,
  cloudProviderAccountId: resourceFilters,
  cloudProviderOrgId: resourceFilters,
  cloudProviderRegion: resourceFilters,
  cloudVmInstanceTags: resourceTags,
  cloudContainerImageTags: resourceFilters,
  cloudContainerRepositoryName: resourceFilters,
  cloudContainerRegistryName: resourceFilters,
  cloudServerlessFunctionName: resourceFilters,
  cloudServerlessFunctionRuntime: resourceFilters,
  cloudServerlessFunctionTags: resourceTags,
})

export const reportOperations: readonly Operation<InspectorDeps, InspectorCall>[] = [
  operation({
    name: 'CreateFindingsReport',
    input: Type.Object({
      filterCriteria: Type.Optional(filterCriteria),
      reportFormat: Type.Enum(['CSV', 'JSON']),
      s3Destination: destination,
    }),
    action: 'inspector2:CreateFindingsReport',
    resources: everything,
    ...rest,
    run: createFindingsReport,
  }),
  operation({
    name: 'GetFindingsReportStatus',
    input: Type.Object({ reportId: Type.Optional(reportId) }),
    action: 'inspector2:GetFindingsReportStatus',
    resources: everything,
    ...rest,
    run: getFindingsReportStatus,
  }),
  operation({
    name: 'CancelFindingsReport',
    input: Type.Object({ reportId }),
    action: 'inspector2:CancelFindingsReport',
    resources: everything,
    ...rest,
    run: cancelFindingsReport,
  }),
  operation({
    name: 'CreateSbomExport',
    input: Type.Object({
      resourceFilterCriteria: Type.Optional(resourceFilterCriteria),
      reportFormat: Type.Enum(['CYCLONEDX_1_4', 'SPDX_2_3']),
      s3Destination: destination,
    }),
    action: 'inspector2:CreateSbomExport',
    resources: everything,
    ...rest,
    run: createSbomExport,
  }),
  operation({
    name: 'GetSbomExport',
    input: Type.Object({ reportId }),
    action: 'inspector2:GetSbomExport',
    resources: everything,
    ...rest,
    run: getSbomExport,
  }),
  operation({
    name: 'CancelSbomExport',
    input: Type.Object({ reportId }),
    action: 'inspector2:CancelSbomExport',
    resources: everything,
    ...rest,
    run: cancelSbomExport,
  }),
]
