import { putScanOnPush } from '../../../scanning/put-scanning.ts'
import { repositoryIn, type EcrCall, type EcrDeps } from './call.ts'

export async function putImageScanningConfiguration(
  deps: EcrDeps,
  input: {
    readonly registryId?: string
    readonly repositoryName: string
    readonly imageScanningConfiguration: { readonly scanOnPush?: boolean }
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { scanOnPush = false } = input.imageScanningConfiguration
  const repository = repositoryIn(call, input)
  const { account, name } = await putScanOnPush(deps, { repository, scanOnPush })
  deps.wake()
  return { registryId: account, repositoryName: name, imageScanningConfiguration: { scanOnPush } }
}
