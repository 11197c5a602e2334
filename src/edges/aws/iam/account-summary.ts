import { maxKeysPerUser } from '../../../access/access-keys.ts'
import type { AccountCounts } from '../../../access/account-store.ts'
import { maxAttachedPolicies } from '../../../access/attached-policies.ts'
import { maxGroups, maxGroupsPerUser } from '../../../access/groups.ts'
import { maxPolicies } from '../../../access/managed-policies.ts'
import { maxVersions } from '../../../access/managed-policy-versions.ts'
import { maxRoles } from '../../../access/roles.ts'
import { maxUsers } from '../../../access/users.ts'
import { policyLimits } from '../../../policy/parse-policy.ts'

/** What there is of each kind, and how much there may be; of what is not served here there is nothing. */
export function summaryMap(counts: AccountCounts): ReadonlyMap<string, number> {
  return new Map(
    Object.entries({
      AccessKeysPerUserQuota: maxKeysPerUser,
      AccountAccessKeysPresent: counts.rootKeys > 0 ? 1 : 0,
      AccountMFAEnabled: 0,
      AccountSigningCertificatesPresent: 0,
      AssumeRolePolicySizeQuota: policyLimits.trust,
      AttachedPoliciesPerGroupQuota: maxAttachedPolicies,
      AttachedPoliciesPerRoleQuota: maxAttachedPolicies,
      AttachedPoliciesPerUserQuota: maxAttachedPolicies,
      GlobalEndpointTokenVersion: 1,
      GroupPolicySizeQuota: policyLimits.inlineOfGroup,
      Groups: counts.groups,
      GroupsPerUserQuota: maxGroupsPerUser,
      GroupsQuota: maxGroups,
      InstanceProfiles: 0,
      MFADevices: 0,
      MFADevicesInUse: 0,
      Policies: counts.policies,
      PoliciesQuota: maxPolicies,
      PolicySizeQuota: policyLimits.managed,
      PolicyVersionsInUse: counts.policyVersions,
      Providers: counts.providers,
      RolePolicySizeQuota: policyLimits.inlineOfRole,
      Roles: counts.roles,
      RolesQuota: maxRoles,
      ServerCertificates: 0,
      UserPolicySizeQuota: policyLimits.inlineOfUser,
      Users: counts.users,
      UsersQuota: maxUsers,
      VersionsPerPolicyQuota: maxVersions,
    }),
  )
}
