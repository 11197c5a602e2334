import { Type } from 'typebox'
import {
  anybodyOf,
  gatherPrincipalPolicies,
  isTypeExcluded,
  simulatedCaller,
} from '../../../access/simulate-principal.ts'
import {
  compileInput,
  pageSizeFor,
  requireUsable,
  simulatePolicies,
  type SimulatedCaller,
  type SimulatedPolicy,
  type SimulatedSource,
} from '../../../access/simulate-policies.ts'
import { accessError } from '../../../access/errors.ts'
import { listGuardRailSources } from '../../../access/simulated-guard-rails.ts'
import type { CompiledPolicy, PolicyName } from '../../../policy/compile.ts'
import type { PolicySet } from '../../../policy/evaluate.ts'
import { yieldToEventLoop } from '../../../lib/yield-to-event-loop.ts'
import { namedContextKeys } from '../../../policy/named-context-keys.ts'
import { queryOperation, type QueryCall, type QueryOperation } from '../protocol/query-operation.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'
import type { IamDeps } from './call.ts'
import { arn, document } from './inputs.ts'
import { pageOf, sliceOf } from './page.ts'
import {
  exclusionList,
  exclusionsOf,
  simulationMembers,
  simulationOf,
  type SimulationMembers,
} from './simulation-inputs.ts'
import { actionShape } from './simulation-shape.ts'

const documents = Type.Array(document)

export const simulationOperations: readonly QueryOperation<IamDeps>[] = [
  queryOperation({
    name: 'GetContextKeysForCustomPolicy',
    input: Type.Object({ PolicyInputList: documents }),
    action: 'iam:GetContextKeysForCustomPolicy',
    resources: () => ['*'],
    run: async (_deps: IamDeps, { PolicyInputList }) =>
      contextKeysShape(await inputPolicies(PolicyInputList)),
  }),
  queryOperation({
    name: 'GetContextKeysForPrincipalPolicy',
    input: Type.Object({ PolicySourceArn: arn, PolicyInputList: Type.Optional(documents) }),
    action: 'iam:GetContextKeysForPrincipalPolicy',
    resources: ({ PolicySourceArn }) => [PolicySourceArn],
    run: async ({ database }: IamDeps, input, { caller }) => {
      const asked = { arn: input.PolicySourceArn, exclusions: [] }
      const { identity } = await gatherPrincipalPolicies(database, caller.accountId, asked)
      return contextKeysShape([...identity, ...(await inputPolicies(input.PolicyInputList))])
    },
  }),
  queryOperation({
    name: 'SimulateCustomPolicy',
    input: Type.Object({
      PolicyInputList: documents,
      OrderedOrganizationPolicyInputList: Type.Optional(
        Type.Array(Type.Object({ ServiceControlPolicyInputList: Type.Optional(documents) }), {
          maxItems: 7,
        }),
      ),
      ...simulationMembers,
    }),
    action: 'iam:SimulateCustomPolicy',
    resources: () => ['*'],
    run: async (deps: IamDeps, input, call) => {
      const { accountId: account } = call.caller
      if (input.ResourcePolicy !== undefined && input.CallerArn === undefined) {
        const message = 'CallerArn is required when a ResourcePolicy is given.'
        throw accessError('INPUT_INVALID', message)
      }
      const levels = input.OrderedOrganizationPolicyInputList ?? []
      return answer(deps, input, {
        call,
        operation: 'SimulateCustomPolicy',
        caller:
          input.CallerArn === undefined
            ? anybodyOf(account)
            : await simulatedCaller(deps.database, account, input.CallerArn),
        identity: await inputPolicies(input.PolicyInputList),
        boundary: boundaryIn(input),
        scp: levels.map(({ ServiceControlPolicyInputList = [] }, level) =>
          ServiceControlPolicyInputList.map((text, place) => {
            const label = `OrderedOrganizationPolicyInputList.${level + 1}.ServiceControlPolicyInputList.${place + 1}`
            return compileInput(text, 'scp', { type: 'scp', label })
          }),
        ),
        rcp: [],
      })
    },
  }),
  queryOperation({
    name: 'SimulatePrincipalPolicy',
    input: Type.Object({
      PolicySourceArn: arn,
      PolicyInputList: Type.Optional(documents),
      PolicyExclusionList: Type.Optional(exclusionList),
      ...simulationMembers,
    }),
    action: 'iam:SimulatePrincipalPolicy',
    resources: ({ PolicySourceArn }) => [PolicySourceArn],
    run: async (deps: IamDeps, input, call) => {
      const { accountId: account } = call.caller
      const exclusions = exclusionsOf(input.PolicyExclusionList)
      const asked = { arn: input.PolicySourceArn, exclusions }
      const { identity, boundary } = await gatherPrincipalPolicies(deps.database, account, asked)
      const rails = await listGuardRailSources(deps.database, account)
      return answer(deps, input, {
        call,
        operation: 'SimulatePrincipalPolicy',
        caller: await simulatedCaller(
          deps.database,
          account,
          input.CallerArn ?? input.PolicySourceArn,
        ),
        identity: [...identity, ...(await inputPolicies(input.PolicyInputList))],
        boundary: boundaryIn(input) ?? boundary,
        scp: isTypeExcluded(asked, 'scp') ? [] : rails.scp,
        rcp: isTypeExcluded(asked, 'rcp') ? [] : rails.rcp,
      })
    },
  }),
]

interface Simulated {
  readonly call: QueryCall
  readonly operation: string
  readonly caller: SimulatedCaller
  readonly identity: readonly SimulatedPolicy[]
  readonly boundary: SimulatedPolicy | undefined
  readonly scp: readonly (readonly SimulatedPolicy[])[]
  readonly rcp: readonly (readonly SimulatedPolicy[])[]
}

async function answer(
  deps: IamDeps,
  input: SimulationMembers,
  simulated: Simulated,
): Promise<QueryStructure> {
  const { operation, call, caller } = simulated
  const simulation = simulationOf(input)
  requireUsable(simulation)
  const resource = resourcePolicyIn(input)
  const { Marker, MaxItems, ...inputs } = input
  const { actions, resources } = simulation
  const paged = {
    ...(Marker === undefined ? {} : { Marker }),
    MaxItems: pageSizeFor(allOf(simulated, resource), resources, MaxItems),
  }
  const page = await pageOf(
    deps,
    { operation, call, inputs, input: paged },
    sliceOf([...actions.entries()], placeOf),
    placeOf,
  )
  const asked = { ...simulation, actions: page.entries.map(([, action]) => action) }
  const results = await simulatePolicies(caller, policySetOf(simulated, resource), asked)
  const sources = sourcesOf(simulated, resource)
  return {
    EvaluationResults: results.map((one) => actionShape(one, sources)),
    ...page.paging,
  }
}

/** In the order of the request; a form has fewer than 10,000 parameters. */
function placeOf([place]: readonly [number, unknown]): string {
  return String(place).padStart(4, '0')
}

function policySetOf(
  { identity, boundary, scp, rcp }: Simulated,
  resource: readonly SimulatedPolicy[],
): PolicySet {
  return {
    identity: identity.map(compiledOf),
    resource: resource.map(compiledOf),
    boundary: boundary === undefined ? undefined : [boundary.compiled],
    session: undefined,
    scp: scp.map((level) => level.map(compiledOf)),
    rcp: rcp.map((level) => level.map(compiledOf)),
  }
}

function compiledOf({ compiled }: SimulatedPolicy): CompiledPolicy {
  return compiled
}

function sourcesOf(
  simulated: Simulated,
  resource: readonly SimulatedPolicy[],
): ReadonlyMap<PolicyName, SimulatedSource> {
  const all = allOf(simulated, resource)
  return new Map(all.map(({ source, compiled: { name } }) => [name, source]))
}

function allOf(
  { identity, boundary, scp, rcp }: Simulated,
  resource: readonly SimulatedPolicy[],
): readonly SimulatedPolicy[] {
  const boundaries = boundary === undefined ? [] : [boundary]
  return [...identity, ...resource, ...boundaries, ...scp.flat(), ...rcp.flat()]
}

function resourcePolicyIn({ ResourcePolicy: text }: SimulationMembers): readonly SimulatedPolicy[] {
  if (text === undefined) return []
  return [compileInput(text, 'repository', { type: 'resource', label: 'ResourcePolicy' })]
}

async function inputPolicies(texts: readonly string[] = []): Promise<readonly SimulatedPolicy[]> {
  const policies: SimulatedPolicy[] = []
  for (const [place, text] of texts.entries()) {
    // As IAM's simulator, this takes both versions of the language.
    const name = { type: 'identity', label: `PolicyInputList.${place + 1}` } as const
    policies.push(compileInput(text, 'session', name))
    // Each may be as long as a document can be.
    await yieldToEventLoop()
  }
  return policies
}

function boundaryIn({
  PermissionsBoundaryPolicyInputList: texts = [],
}: SimulationMembers): SimulatedPolicy | undefined {
  const [text, ...others] = texts
  if (others.length > 0) {
    throw accessError('INPUT_INVALID', 'Only one permissions boundary can be simulated.')
  }
  if (text === undefined) return undefined
  const label = 'PermissionsBoundaryPolicyInputList.1'
  return compileInput(text, 'session', { type: 'boundary', label })
}

function contextKeysShape(policies: readonly SimulatedPolicy[]): QueryStructure {
  return { ContextKeyNames: namedContextKeys(policies.map(({ compiled }) => compiled)) }
}
