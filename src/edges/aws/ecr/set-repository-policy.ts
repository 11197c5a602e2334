// Spec:     Amazon ECR API Reference, SetRepositoryPolicy.
// Deviates: without force a policy that lets everybody pull is refused too where anonymous pull is on; principals must be there; Resource may be written if it is this repository.
import { repositoryArn } from '../../../policy/arn.ts'
import { setRepositoryPolicy as set } from '../../../registry/set-repository-policy.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

/** Without `force` a policy is refused under which the caller could not set another one. */
export async function setRepositoryPolicy(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly policyText: string
    readonly force?: boolean
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const arn = repositoryArn(deps.region, repository.account, repository.name)
  const { policyText } = input
  await set(deps, {
    repository,
    text: policyText,
    force: input.force ?? false,
    mayStillSet: (policy) => call.mayUnder('ecr:SetRepositoryPolicy', arn, policy),
  })
  return { registryId: repository.account, repositoryName: repository.name, policyText }
}
