// What is about the account and what it has scanned, as rows of the table of operations.
import { Type } from 'typebox'
import { operation, type Operation } from '../protocol/operation.ts'
import { batchGetAccountStatus, disable, enable } from './account-status.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { getConfiguration, updateConfiguration } from './configuration.ts'
import { coverageFilterCriteria } from './coverage-inputs.ts'
import { listOf } from './filter-inputs.ts'
import { listCoverage, listCoverageStatistics } from './list-coverage.ts'
import { everything, maxResults, nextToken, rest } from './operation-parts.ts'
import { getClustersForImage } from './get-clusters-for-image.ts'
import { listAccountPermissions, listUsageTotals } from './plain-answers.ts'
import { searchVulnerabilities } from './search-vulnerabilities.ts'

const accountId = Type.String({ minLength: 12, maxLength: 12, pattern: '^\\d{12}$' })
const accountIds = Type.Optional(Type.Array(accountId, { maxItems: 100 }))
const resourceType = Type.Enum(['EC2', 'ECR', 'LAMBDA', 'LAMBDA_CODE', 'CODE_REPOSITORY'])
const pullDays = ['DAYS_3', 'DAYS_7', 'DAYS_14', 'DAYS_30', 'DAYS_60', 'DAYS_90', 'DAYS_180']

export const accountOperations: readonly Operation<InspectorDeps, InspectorCall>[] = [
  operation({
    name: 'Enable',
    input: Type.Object({ accountIds, resourceTypes: listOf(resourceType, 1, 6) }),
    action: 'inspector2:Enable',
    resources: everything,
    ...rest,
    run: enable,
  }),
  operation({
    name: 'Disable',
    input: Type.Object({
      accountIds,
      resourceTypes: Type.Optional(Type.Array(resourceType, { maxItems: 6 })),
    }),
    action: 'inspector2:Disable',
    resources: everything,
    ...rest,
    run: disable,
  }),
  operation({
    name: 'BatchGetAccountStatus',
    input: Type.Object({ accountIds }),
    action: 'inspector2:BatchGetAccountStatus',
    resources: everything,
    ...rest,
    run: batchGetAccountStatus,
  }),
  operation({
    name: 'GetConfiguration',
    input: Type.Object({ accountId: Type.Optional(accountId) }),
    action: 'inspector2:GetConfiguration',
    resources: everything,
    ...rest,
    run: getConfiguration,
  }),
  operation({
    name: 'UpdateConfiguration',
    input: Type.Object({
      accountId: Type.Optional(accountId),
      ecrConfiguration: Type.Optional(
        Type.Object({
          rescanDuration: Type.Enum(['LIFETIME', ...pullDays]),
          pullDateRescanDuration: Type.Optional(Type.Enum(pullDays)),
          pullDateRescanMode: Type.Optional(Type.Enum(['LAST_PULL_DATE', 'LAST_IN_USE_AT'])),
        }),
      ),
      ec2Configuration: Type.Optional(Type.Object({})),
      amiConfiguration: Type.Optional(Type.Object({})),
    }),
    action: 'inspector2:UpdateConfiguration',
    resources: everything,
    ...rest,
    run: updateConfiguration,
  }),
  operation({
    name: 'ListCoverage',
    input: Type.Object({
      filterCriteria: Type.Optional(coverageFilterCriteria),
      maxResults: maxResults(200),
      nextToken,
    }),
    action: 'inspector2:ListCoverage',
    resources: everything,
    ...rest,
    run: listCoverage,
  }),
  operation({
    name: 'ListCoverageStatistics',
    input: Type.Object({
      filterCriteria: Type.Optional(coverageFilterCriteria),
      groupBy: Type.Optional(
        Type.Enum([
          'SCAN_STATUS_CODE',
          'SCAN_STATUS_REASON',
          'ACCOUNT_ID',
          'RESOURCE_TYPE',
          'ECR_REPOSITORY_NAME',
          'PROVIDER',
          'PROVIDER_ACCOUNT_ID',
          'PROVIDER_REGION',
          'PROVIDER_ORG_ID',
        ]),
      ),
      nextToken,
    }),
    action: 'inspector2:ListCoverageStatistics',
    resources: everything,
    ...rest,
    run: listCoverageStatistics,
  }),
  operation({
    name: 'SearchVulnerabilities',
    input: Type.Object({
      filterCriteria: Type.Object({
        vulnerabilityIds: listOf(Type.String({ pattern: '^CVE-[12][0-9]{3}-[0-9]{1,10}$' }), 1, 1),
      }),
      nextToken,
    }),
    action: 'inspector2:SearchVulnerabilities',
    resources: everything,
    ...rest,
    run: searchVulnerabilities,
  }),
  operation({
    name: 'ListUsageTotals',
    input: Type.Object({
      accountIds: Type.Optional(listOf(Type.String({ pattern: '[0-9]{12}' }), 1, 7000)),
      maxResults: maxResults(500),
      nextToken: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000_000 })),
    }),
    action: 'inspector2:ListUsageTotals',
    resources: everything,
    ...rest,
    run: listUsageTotals,
  }),
  operation({
    name: 'ListAccountPermissions',
    input: Type.Object({
      service: Type.Optional(Type.Enum(['EC2', 'ECR', 'LAMBDA'])),
      maxResults: maxResults(1024),
      nextToken,
    }),
    action: 'inspector2:ListAccountPermissions',
    resources: everything,
    ...rest,
    run: listAccountPermissions,
  }),
  operation({
    name: 'GetClustersForImage',
    input: Type.Object({
      filter: Type.Object({
        resourceId: Type.String({
          maxLength: 1024,
          pattern:
            '^arn:.*:ecr:.*:\\d{12}:repository\\/[a-zA-Z0-9._\\/-]+(\\/sha256:[a-z0-9]{64})?$',
        }),
      }),
      maxResults: maxResults(100),
      nextToken: Type.Optional(Type.String({ minLength: 1, maxLength: 3000 })),
    }),
    action: 'inspector2:GetClustersForImage',
    resources: everything,
    ...rest,
    run: getClustersForImage,
  }),
]
