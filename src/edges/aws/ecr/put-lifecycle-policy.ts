// Spec:     Amazon ECR API Reference, PutLifecyclePolicy.
// Deviates: the policy is carried out soon after it was put and then every 24 hours.
import { putPolicy } from '../../../lifecycle/put-policy.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

/** The text is stored byte for byte; it is carried out soon after. */
export async function putLifecyclePolicy(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly lifecyclePolicyText: string
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const { lifecyclePolicyText: text } = input
  await putPolicy(deps, { repository, text, by: call.caller.principalArn })
  deps.wake()
  const { account: registryId, name: repositoryName } = repository
  return { registryId, repositoryName, lifecyclePolicyText: text }
}
