// Managed policies as IAM's answers show them.
import type { PolicySummary } from '../../../access/managed-policies.ts'
import type { ListedVersion } from '../../../access/managed-policy-versions.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'

/** Without what lists leave out: description and tags. */
export function policyShape(policy: PolicySummary): QueryStructure {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: `v${policy.defaultVersion}`,
    AttachmentCount: policy.use.attachments,
    PermissionsBoundaryUsageCount: policy.use.boundaries,
    IsAttachable: policy.isAttachable,
    CreateDate: policy.createdAt,
    UpdateDate: policy.updatedAt,
  }
}

/** Without its document. */
export function versionShape({
  version: number,
  isDefault,
  createdAt,
}: ListedVersion): QueryStructure {
  return { VersionId: `v${number}`, IsDefaultVersion: isDefault, CreateDate: createdAt }
}
