import type {
  ActionSimulation,
  ResourceSimulation,
  SimulatedSource,
} from '../../../access/simulate-policies.ts'
import type { CompiledStatement, PolicyName } from '../../../policy/compile.ts'
import { mostRestrictive, type Simulation } from '../../../policy/simulate.ts'
import { endOfObject } from '../../../policy/statement-end.ts'
import type { QueryStructure } from '../protocol/query-xml.ts'

type Sources = ReadonlyMap<PolicyName, SimulatedSource>

/** An EvaluationResult: the action on all resources, and on each of them. */
export function actionShape(
  { action, results }: ActionSimulation,
  sources: Sources,
): QueryStructure {
  const [first] = results
  if (first === undefined) throw new Error('an action is simulated on one resource at least')
  const isOnAll = results.length === 1 && first.resource === '*'
  const matched = [...new Set(results.flatMap((one) => one.matched))]
  return {
    EvalActionName: action,
    EvalResourceName: results.length === 1 ? first.resource : '*',
    EvalDecision: mostRestrictive(results.map(({ decision }) => decision)),
    MatchedStatements: matched.map((statement) => statementShape(statement, sources)),
    MissingContextValues: [...new Set(results.flatMap((one) => one.missingContext))],
    OrganizationsDecisionDetail: organizationsShape(results),
    PermissionsBoundaryDecisionDetail: boundaryShape(results),
    EvalDecisionDetails: isOnAll ? undefined : sidesShape(results),
    ResourceSpecificResults: isOnAll
      ? undefined
      : results.map((one) => resourceShape(one, sources)),
  }
}

function resourceShape(result: ResourceSimulation, sources: Sources): QueryStructure {
  return {
    EvalResourceName: result.resource,
    EvalResourceDecision: result.decision,
    MatchedStatements: result.matched.map((statement) => statementShape(statement, sources)),
    MissingContextValues: result.missingContext,
    EvalDecisionDetails: result.sides === undefined ? undefined : sidesShape([result]),
    PermissionsBoundaryDecisionDetail: boundaryShape([result]),
  }
}

function statementShape({ policy, written }: CompiledStatement, sources: Sources): QueryStructure {
  const source = sources.get(policy)
  if (source === undefined) throw new Error(`${policy.id} is no policy of the simulation`)
  const { line, column } = written.at
  const end = endOfObject(source.text, written.at)
  return {
    SourcePolicyId: source.id,
    SourcePolicyType: source.type,
    StartPosition: { Line: line, Column: column },
    EndPosition: { Line: end.line, Column: end.column },
  }
}

function organizationsShape(results: readonly Simulation[]): QueryStructure | undefined {
  const verdicts = results.map(({ isAllowedByOrganizations }) => isAllowedByOrganizations)
  if (verdicts.every((one) => one === undefined)) return undefined
  return { AllowedByOrganizations: verdicts.every((one) => one === true) }
}

function boundaryShape(results: readonly Simulation[]): QueryStructure | undefined {
  const verdicts = results.map(({ isAllowedByBoundary }) => isAllowedByBoundary)
  if (verdicts.every((one) => one === undefined)) return undefined
  return { AllowedByPermissionsBoundary: verdicts.every((one) => one === true) }
}

/** Within one account an empty map, as AWS has it; across accounts the hardest of each side. */
function sidesShape(results: readonly Simulation[]): ReadonlyMap<string, string> {
  const sides = results.flatMap((one) => (one.sides === undefined ? [] : [one.sides]))
  if (sides.length === 0) return new Map()
  return new Map([
    ['IAM Policy', mostRestrictive(sides.map(({ identity }) => identity))],
    ['Resource Policy', mostRestrictive(sides.map(({ resource }) => resource))],
  ])
}
