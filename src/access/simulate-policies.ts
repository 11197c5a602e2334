import type { AccountId } from '../policy/account-id.ts'
import { parseAccountId } from '../policy/account-id.ts'
import { parseArn } from '../policy/arn.ts'
import { compilePolicy, type CompiledPolicy, type PolicyType } from '../policy/compile.ts'
import type { PolicyDocument, PolicyKind } from '../policy/document.ts'
import type { AccessRequest, PolicySet } from '../policy/evaluate.ts'
import { parsePolicy } from '../policy/parse-policy.ts'
import type { Requester } from '../policy/requester.ts'
import { simulate, type Simulation } from '../policy/simulate.ts'
import { yieldToEventLoop } from '../lib/yield-to-event-loop.ts'
import { accessError } from './errors.ts'
import { policyErrorOf } from './require-policy.ts'
import { faultOfEntry, simulatedContext, type ContextEntry } from './rules/simulated-context.ts'

/** Where a simulated policy comes from, as IAM's answers name it. */
export interface SimulatedSource {
  readonly id: string
  readonly type: 'user' | 'group' | 'role' | 'aws-managed' | 'user-managed' | 'resource' | 'none'
  readonly text: string
}

/** A policy that takes part, with its text, so that its statements can be found in it. */
export interface SimulatedPolicy {
  readonly source: SimulatedSource
  readonly compiled: CompiledPolicy
}

/** What every simulation is told besides its policies. */
export interface SimulationInput {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
  /** Owns resources whose ARNs name no account. */
  readonly resourceOwner: string | undefined
  readonly entries: readonly ContextEntry[]
}

/** Who asks, and what of the context follows from that. */
export interface SimulatedCaller {
  readonly requester: Requester
  readonly account: AccountId
  readonly derived: Readonly<Record<string, string>>
}

export interface ResourceSimulation extends Simulation {
  readonly resource: string
}

export interface ActionSimulation {
  readonly action: string
  readonly results: readonly ResourceSimulation[]
}

/** Refuses with INPUT_INVALID, and with the parser's place and reason. `label` says which of the inputs it is. */
export function compileInput(
  text: string,
  kind: PolicyKind,
  name: { readonly type: PolicyType; readonly label: string },
): SimulatedPolicy {
  const reading = parsePolicy(text, kind)
  if (reading.kind === 'malformed') {
    const [fault] = reading.faults
    const detail = { policyError: policyErrorOf(fault) }
    throw accessError('INPUT_INVALID', `${name.label}: ${fault.message}`, detail)
  }
  const isOfResource = name.type === 'resource'
  const source = { id: name.label, type: isOfResource ? 'resource' : 'none', text } as const
  return compiledAs(source, reading.document, name.type)
}

/** A stored document; one that cannot be read is a fault: what it would decide is unknown. */
export function compileStoredSource(source: SimulatedSource, type: PolicyType): SimulatedPolicy {
  const kind = type === 'scp' || type === 'rcp' ? type : 'identity'
  const reading = parsePolicy(source.text, kind, { isStored: true })
  if (reading.kind === 'malformed') throw new Error(`${source.id}: ${reading.faults[0].reason}`)
  return compiledAs(source, reading.document, type)
}

function compiledAs(
  source: SimulatedSource,
  document: PolicyDocument,
  type: PolicyType,
): SimulatedPolicy {
  return { source, compiled: compilePolicy(document, { type, id: source.id }, new Map()) }
}

const defaultActions = 100
/** Statements that one answer holds against requests: a second at most, and no answer of more than some megabytes. */
const maxChecks = 50_000

/** How many actions one answer holds: fewer than asked for where there is much to do for each. INPUT_INVALID where one is too much. */
export function pageSizeFor(
  policies: readonly SimulatedPolicy[],
  resources: readonly string[],
  asked = defaultActions,
): number {
  const statements = policies.reduce((sum, { compiled }) => sum + compiled.statements.length, 0)
  const checks = Math.max(1, statements) * resources.length
  if (checks <= maxChecks) return Math.min(asked, Math.floor(maxChecks / checks))
  const message = `${statements} statements and ${resources.length} resources are too many for one simulation.`
  throw accessError('INPUT_INVALID', message)
}

/** Each action on each resource; the input is usable. */
export async function simulatePolicies(
  caller: SimulatedCaller,
  policies: PolicySet,
  input: SimulationInput,
): Promise<readonly ActionSimulation[]> {
  const owner = ownerOf(input.resourceOwner) ?? caller.account
  const simulated: ActionSimulation[] = []
  for (const action of input.actions) {
    const results: ResourceSimulation[] = []
    for (const resource of input.resources) {
      const request = requestOf(caller, input, { action, resource, owner })
      results.push({ resource, ...simulate(request, policies) })
      // Many decisions over many statements take a while.
      await yieldToEventLoop()
    }
    simulated.push({ action, results })
  }
  return simulated
}

function requestOf(
  caller: SimulatedCaller,
  { entries }: SimulationInput,
  asked: { readonly action: string; readonly resource: string; readonly owner: AccountId },
): AccessRequest {
  const { action, resource } = asked
  const resourceAccount =
    resource === '*' ? undefined : (parseArn(resource)?.account ?? asked.owner)
  const ofResource = resourceAccount === undefined ? {} : { 'aws:ResourceAccount': resourceAccount }
  const context = simulatedContext({ ...caller.derived, ...ofResource }, entries)
  return { requester: caller.requester, action, resource, resourceAccount, context }
}

/** Refuses with INPUT_INVALID what cannot be simulated. */
export function requireUsable({
  actions,
  resources,
  resourceOwner,
  entries,
}: SimulationInput): void {
  const action = actions.find((one) => !/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(one))
  if (action !== undefined) {
    throw accessError('INPUT_INVALID', `Invalid Action Name: ${action}`)
  }
  const resource = resources.find((one) => one !== '*' && !/^arn:(?:[^:]*:){4}.+$/s.test(one))
  if (resource !== undefined) {
    throw accessError('INPUT_INVALID', `Invalid Resource Arn: ${resource}`)
  }
  if (resourceOwner !== undefined && ownerOf(resourceOwner) === undefined) {
    throw accessError('INPUT_INVALID', `Invalid Resource Owner: ${resourceOwner}`)
  }
  for (const entry of entries) {
    const fault = faultOfEntry(entry)
    if (fault !== undefined) throw accessError('INPUT_INVALID', fault)
  }
}

/** An account id, or the ARN of an account's root. */
function ownerOf(text: string | undefined): AccountId | undefined {
  const id = /^(?:arn:aws:iam::)?([0-9]{12})(?::root)?$/.exec(text ?? '')?.[1]
  return id === undefined ? undefined : parseAccountId(id)
}
