import type { QueryOperation } from '../protocol/query-operation.ts'
import { attachmentOperations } from './attachment-operations.ts'
import { authorizationDetailOperations } from './authorization-detail-operations.ts'
import type { IamDeps } from './call.ts'
import { inlinePolicyOperations } from './inline-policy-operations.ts'
import { managedPolicyOperations } from './managed-policy-operations.ts'
import { oidcProviderOperations } from './oidc-provider-operations.ts'
import { simulationOperations } from './simulation-operations.ts'

/** All that is about policies, and the identity providers that trust policies name. */
export const policyOperations: readonly QueryOperation<IamDeps>[] = [
  ...inlinePolicyOperations,
  ...managedPolicyOperations,
  ...attachmentOperations,
  ...oidcProviderOperations,
  ...simulationOperations,
  ...authorizationDetailOperations,
]
