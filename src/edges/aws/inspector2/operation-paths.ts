// Where each operation of the service's model (2020-06-08) stands, those that this version does not serve too.
import type { RestPath, RestPaths } from '../protocol/rest-protocol.ts'

const post = `
  AssociateMember /members/associate
  BatchAssociateCodeSecurityScanConfiguration /codesecurity/scan-configuration/batch/associate
  BatchDisassociateCodeSecurityScanConfiguration /codesecurity/scan-configuration/batch/disassociate
  BatchGetAccountStatus /status/batch/get
  BatchGetCodeSnippet /codesnippet/batchget
  BatchGetFindingDetails /findings/details/batch/get
  BatchGetFreeTrialInfo /freetrialinfo/batchget
  BatchGetMemberEc2DeepInspectionStatus /ec2deepinspectionstatus/member/batch/get
  BatchUpdateMemberEc2DeepInspectionStatus /ec2deepinspectionstatus/member/batch/update
  CancelFindingsReport /reporting/cancel
  CancelSbomExport /sbomexport/cancel
  CreateCisScanConfiguration /cis/scan-configuration/create
  CreateCodeSecurityIntegration /codesecurity/integration/create
  CreateCodeSecurityScanConfiguration /codesecurity/scan-configuration/create
  CreateConnector /connector/create
  CreateFilter /filters/create
  CreateFindingsReport /reporting/create
  CreateSbomExport /sbomexport/create
  DeleteCisScanConfiguration /cis/scan-configuration/delete
  DeleteCodeSecurityIntegration /codesecurity/integration/delete
  DeleteCodeSecurityScanConfiguration /codesecurity/scan-configuration/delete
  DeleteConnector /connector/delete
  DeleteFilter /filters/delete
  DescribeOrganizationConfiguration /organizationconfiguration/describe
  Disable /disable
  DisableDelegatedAdminAccount /delegatedadminaccounts/disable
  DisassociateMember /members/disassociate
  Enable /enable
  EnableDelegatedAdminAccount /delegatedadminaccounts/enable
  GetCisScanReport /cis/scan/report/get
  GetCisScanResultDetails /cis/scan-result/details/get
  GetClustersForImage /cluster/get
  GetCodeSecurityIntegration /codesecurity/integration/get
  GetCodeSecurityScan /codesecurity/scan/get
  GetCodeSecurityScanConfiguration /codesecurity/scan-configuration/get
  GetConfiguration /configuration/get
  GetDelegatedAdminAccount /delegatedadminaccounts/get
  GetEc2DeepInspectionConfiguration /ec2deepinspectionconfiguration/get
  GetFindingsReportStatus /reporting/status/get
  GetMember /members/get
  GetOnDemandScanStatus /ondemand/scan/status
  GetSbomExport /sbomexport/get
  ListAccountPermissions /accountpermissions/list
  ListCisScanConfigurations /cis/scan-configuration/list
  ListCisScanResultsAggregatedByChecks /cis/scan-result/check/list
  ListCisScanResultsAggregatedByTargetResource /cis/scan-result/resource/list
  ListCisScans /cis/scan/list
  ListCodeSecurityIntegrations /codesecurity/integration/list
  ListCodeSecurityScanConfigurationAssociations /codesecurity/scan-configuration/associations/list
  ListCodeSecurityScanConfigurations /codesecurity/scan-configuration/list
  ListConnectorScanConfigurations /connectorscanconfigurations/list
  ListConnectors /connector/list
  ListCoverage /coverage/list
  ListCoverageStatistics /coverage/statistics/list
  ListDelegatedAdminAccounts /delegatedadminaccounts/list
  ListFilters /filters/list
  ListFindingAggregations /findings/aggregation/list
  ListFindings /findings/list
  ListMembers /members/list
  ListOnDemandScans /ondemand/scans
  ListUsageTotals /usage/list
  SearchVulnerabilities /vulnerabilities/search
  StartCodeSecurityScan /codesecurity/scan/start
  StartOnDemandScan /ondemand/scan
  UpdateCisScanConfiguration /cis/scan-configuration/update
  UpdateCodeSecurityIntegration /codesecurity/integration/update
  UpdateCodeSecurityScanConfiguration /codesecurity/scan-configuration/update
  UpdateConfiguration /configuration/update
  UpdateConnector /connector/update
  UpdateConnectorScanConfiguration /connectorscanconfiguration/update
  UpdateEc2DeepInspectionConfiguration /ec2deepinspectionconfiguration/update
  UpdateFilter /filters/update
  UpdateOrgEc2DeepInspectionConfiguration /ec2deepinspectionconfiguration/org/update
  UpdateOrganizationConfiguration /organizationconfiguration/update
`

const others: Readonly<Record<string, RestPath>> = {
  GetEncryptionKey: { method: 'GET', path: '/encryptionkey/get' },
  ListTagsForResource: { method: 'GET', path: '/tags/{resourceArn}' },
  ResetEncryptionKey: { method: 'PUT', path: '/encryptionkey/reset' },
  SendCisSessionHealth: { method: 'PUT', path: '/cissession/health/send' },
  SendCisSessionTelemetry: { method: 'PUT', path: '/cissession/telemetry/send' },
  StartCisSession: { method: 'PUT', path: '/cissession/start' },
  StopCisSession: { method: 'PUT', path: '/cissession/stop' },
  TagResource: { method: 'POST', path: '/tags/{resourceArn}' },
  UntagResource: { method: 'DELETE', path: '/tags/{resourceArn}', queryLists: ['tagKeys'] },
  UpdateEncryptionKey: { method: 'PUT', path: '/encryptionkey/update' },
}

export const inspectorPaths: RestPaths = new Map<string, RestPath>([
  ...post
    .trim()
    .split('\n')
    .map((line): [string, RestPath] => {
      const [name = '', path = ''] = line.trim().split(' ')
      return [name, { method: 'POST', path }]
    }),
  ...Object.entries(others),
])
