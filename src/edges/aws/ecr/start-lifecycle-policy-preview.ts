import { startPreview } from '../../../lifecycle/start-preview.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

/** Of the text, else of the policy in force. */
export async function startLifecyclePolicyPreview(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly lifecyclePolicyText?: string
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const repository = repositoryIn(call, input)
  const { text } = await startPreview(deps, { repository, text: input.lifecyclePolicyText })
  deps.wake()
  return {
    registryId: repository.account,
    repositoryName: repository.name,
    lifecyclePolicyText: text,
    status: 'IN_PROGRESS',
  }
}
