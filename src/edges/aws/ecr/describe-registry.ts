// Spec:     Amazon ECR API Reference, DescribeRegistry.
// Deviates: replicationConfiguration has no rules, as replication is not offered.
import type { EcrCall, EcrDeps } from './call.ts'

/** No replication is configured, because none is offered. */
export async function describeRegistry(
  _deps: EcrDeps,
  _input: unknown,
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { accountId: registryId } = call.caller
  return Promise.resolve({ registryId, replicationConfiguration: { rules: [] } })
}
