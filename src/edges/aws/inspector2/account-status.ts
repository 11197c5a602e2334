// Purpose:  whether images of an account are scanned by enhanced scanning: Enable, Disable, BatchGetAccountStatus.
// Spec:     Amazon Inspector2 API Reference, these operations; user guide, "Activating a scan type".
// Input:    a request that was held against the model.
// Deviates: only ECR can be enabled, which puts enhanced, continuous scanning of all repositories, and disabling puts what holds without a
//           configuration; findings are listed either way. Each account speaks of itself.
// Unknowns: another account is told as a failure.
import { putScanning } from '../../../scanning/put-scanning.ts'
import { describeScanning } from '../../../scanning/resolve-scanning.ts'
import {
  defaultScanning,
  type ScanningConfiguration,
} from '../../../scanning/rules/scanning-rules.ts'
import type { InspectorCall, InspectorDeps } from './call.ts'
import { invalidField } from './errors.ts'

type Shape = Readonly<Record<string, unknown>>
interface AccountsInput {
  readonly accountIds?: readonly string[]
  readonly resourceTypes?: readonly string[]
}

const enhanced: ScanningConfiguration = {
  scanType: 'ENHANCED',
  rules: [{ frequency: 'CONTINUOUS_SCAN', filters: ['*'] }],
}

export async function enable(
  deps: InspectorDeps,
  input: AccountsInput,
  call: InspectorCall,
): Promise<Shape> {
  requireEcr(input)
  if (isAsked(input, call) && (await statusOf(deps, call)) === 'DISABLED')
    await put(deps, call, enhanced)
  return accountsOf(deps, input, call)
}

export async function disable(
  deps: InspectorDeps,
  input: AccountsInput,
  call: InspectorCall,
): Promise<Shape> {
  requireEcr(input)
  if (isAsked(input, call) && (await statusOf(deps, call)) === 'ENABLED')
    await put(deps, call, defaultScanning(deps.defaults))
  return accountsOf(deps, input, call)
}

async function put(
  deps: InspectorDeps,
  { caller }: InspectorCall,
  configuration: ScanningConfiguration,
): Promise<void> {
  const { accountId: account, principalArn: principal } = caller
  await putScanning(deps, { account, principal, configuration })
  deps.wake()
}

function requireEcr({ resourceTypes = [] }: AccountsInput): void {
  const other = resourceTypes.find((type) => type !== 'ECR')
  if (other === undefined) return
  throw invalidField('resourceTypes', `${other} is not scanned by this registry; name ECR alone`)
}

function isAsked({ accountIds = [] }: AccountsInput, { caller }: InspectorCall): boolean {
  return accountIds.length === 0 || accountIds.includes(caller.accountId)
}

async function statusOf(
  { reader, defaults }: InspectorDeps,
  { caller }: InspectorCall,
): Promise<'ENABLED' | 'DISABLED'> {
  const { scanType } = await describeScanning({ reader, defaults }, caller.accountId)
  return scanType === 'ENHANCED' ? 'ENABLED' : 'DISABLED'
}

async function accountsOf(
  deps: InspectorDeps,
  input: AccountsInput,
  call: InspectorCall,
): Promise<Shape> {
  const status = await statusOf(deps, call)
  const resourceStatus = { ec2: 'DISABLED', ecr: status }
  const own = { accountId: call.caller.accountId, status, resourceStatus }
  return { accounts: isAsked(input, call) ? [own] : [], ...failures(input, call) }
}

export async function batchGetAccountStatus(
  deps: InspectorDeps,
  input: AccountsInput,
  call: InspectorCall,
): Promise<Shape> {
  const ecr = stateOf(await statusOf(deps, call))
  const other = stateOf('DISABLED')
  const own = {
    accountId: call.caller.accountId,
    state: ecr,
    resourceState: { ec2: other, ecr, lambda: other, lambdaCode: other, codeRepository: other },
  }
  return { accounts: isAsked(input, call) ? [own] : [], ...failures(input, call) }
}

/** The model wants an error of each: AWS tells none by empty texts, and clients refuse an empty code. */
function stateOf(status: 'ENABLED' | 'DISABLED'): Shape {
  return { status, errorCode: null, errorMessage: null }
}

function failures({ accountIds = [] }: AccountsInput, { caller }: InspectorCall): Shape {
  const others = accountIds.filter((id) => id !== caller.accountId)
  if (others.length === 0) return {}
  const failedAccounts = others.map((accountId) => ({
    accountId,
    errorCode: 'ACCESS_DENIED',
    errorMessage: "the account is not the caller's: each account speaks of itself",
  }))
  return { failedAccounts }
}
