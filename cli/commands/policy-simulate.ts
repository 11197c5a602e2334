import {
  SimulateCustomPolicyCommand,
  SimulatePrincipalPolicyCommand,
  type ContextEntry,
  type EvaluationResult,
  type IAMClient,
  type Statement,
} from '@aws-sdk/client-iam'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { askIam, collected, gather } from '../iam.ts'
import { formatOption, render, renderTable, say, type Format } from '../output.ts'
import { readText } from '../settings.ts'

interface Flags {
  readonly principal?: string
  readonly policy: readonly string[]
  readonly action: readonly string[]
  readonly resource?: readonly string[]
  readonly caller?: string
  readonly resourcePolicy?: string
  readonly boundary?: string
  readonly scp: readonly string[]
  readonly context: readonly string[]
  readonly output: Format
}

const help = `
Examples:
  pratique policy simulate --principal arn:aws:iam::123456789012:user/dev --action ecr:PutImage \\
    --resource arn:aws:ecr:us-east-1:123456789012:repository/team/app
  pratique policy simulate --policy new.json --action ecr:PutImage --action ecr:BatchGetImage

With --principal its own policies decide, with those of --policy beside them (IAM's SimulatePrincipalPolicy); without it
those of --policy alone (SimulateCustomPolicy). As with AWS, a resource's policy counts only if --resource-policy gives it,
and a condition key only if --context does. Server and AWS answer alike.

Exit codes: 0 shown, whatever was decided, 1 failed, 2 nonsense, 4 not allowed, 5 no such principal.`

export function policySimulateCommand(policy: Command): void {
  policy
    .command('simulate')
    .description('What would policies decide that are not there yet?')
    .requiredOption('--action <action>', 'such as ecr:PutImage; may be repeated', collected)
    .option('--principal <arn>', 'a user, group or role, with the policies that it has')
    .option('--policy <file>', 'a policy of an identity; may be repeated', collected, [])
    .option('--resource <arn>', 'what it would be done to; may be repeated', collected)
    .option('--caller <arn>', 'who asks, where that is not the principal')
    .option('--resource-policy <file>', 'the policy of the resources')
    .option('--boundary <file>', 'a permissions boundary in place of the principal’s')
    .option(
      '--scp <file>',
      'a service control policy; may be repeated; not with --principal',
      collected,
      [],
    )
    .option('--context <key=value>', 'a condition key; may be repeated', collected, [])
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(simulate)
}

async function simulate(flags: Flags): Promise<void> {
  const ask = simulationOf(flags)
  const results = await askIam((iam) =>
    gather(
      (marker) => ask(iam, marker),
      (page) => page.EvaluationResults,
    ),
  )
  say(render(flags.output, { results }, () => renderResults(results)))
}

interface Marked {
  readonly Marker?: string
}

interface Simulated {
  readonly EvaluationResults?: EvaluationResult[] | undefined
  readonly Marker?: string | undefined
}

/** Which of the two operations, with all that it is told. */
function simulationOf(flags: Flags): (iam: IAMClient, marker: Marked) => Promise<Simulated> {
  const { principal, policy, scp } = flags
  const policies = policy.map(readPolicy)
  const told = toldBoth(flags)
  if (principal !== undefined) {
    if (scp.length > 0) {
      throw new Failure(exitCodes.usage, '--scp is for policies without --principal')
    }
    const input = { ...told, PolicySourceArn: principal, PolicyInputList: policies }
    return async (iam, marker) =>
      iam.send(new SimulatePrincipalPolicyCommand({ ...input, ...marker }))
  }
  if (policies.length === 0) {
    throw new Failure(exitCodes.usage, 'nothing to simulate', 'give --principal or --policy')
  }
  const level = { ServiceControlPolicyInputList: scp.map(readPolicy) }
  const input = {
    ...told,
    PolicyInputList: policies,
    ...(scp.length === 0 ? {} : { OrderedOrganizationPolicyInputList: [level] }),
  }
  return async (iam, marker) => iam.send(new SimulateCustomPolicyCommand({ ...input, ...marker }))
}

function toldBoth({ action, resource, caller, resourcePolicy, boundary, context }: Flags): {
  readonly ActionNames: string[]
  readonly ContextEntries: ContextEntry[]
} & Readonly<Record<string, unknown>> {
  return {
    ActionNames: [...action],
    ContextEntries: contextOf(context),
    ...(resource === undefined ? {} : { ResourceArns: [...resource] }),
    ...(caller === undefined ? {} : { CallerArn: caller }),
    ...(resourcePolicy === undefined ? {} : { ResourcePolicy: readPolicy(resourcePolicy) }),
    ...(boundary === undefined
      ? {}
      : { PermissionsBoundaryPolicyInputList: [readPolicy(boundary)] }),
  }
}

function readPolicy(file: string): string {
  const text = readText(file)
  if (text !== undefined) return text
  throw new Failure(exitCodes.usage, `there is no file ${file}`)
}

/** A key that is given more than once has several values. */
function contextOf(texts: readonly string[]): ContextEntry[] {
  const pairs = texts.map((text) => {
    const mark = text.indexOf('=')
    if (mark > 0) return { key: text.slice(0, mark), value: text.slice(mark + 1) }
    throw new Failure(
      exitCodes.usage,
      `${JSON.stringify(text)} is no condition key with its value`,
      'write KEY=VALUE: aws:SourceIp=192.0.2.1',
    )
  })
  const byKey = Map.groupBy(pairs, ({ key }) => key)
  return Array.from(byKey, ([ContextKeyName, given]) => ({
    ContextKeyName,
    ContextKeyType: given.length === 1 ? 'string' : 'stringList',
    ContextKeyValues: given.map(({ value }) => value),
  }))
}

function renderResults(results: readonly EvaluationResult[]): string {
  const rows = results.flatMap((result) => {
    const { EvalActionName: action = '', ResourceSpecificResults: each = [] } = result
    if (each.length > 0) {
      return each.map((one) => [
        action,
        one.EvalResourceName ?? '',
        one.EvalResourceDecision ?? '',
        statementsText(one.MatchedStatements),
        (one.MissingContextValues ?? []).join(', '),
      ])
    }
    return [
      [
        action,
        result.EvalResourceName ?? '',
        result.EvalDecision ?? '',
        statementsText(result.MatchedStatements),
        (result.MissingContextValues ?? []).join(', '),
      ],
    ]
  })
  return renderTable(['ACTION', 'RESOURCE', 'DECISION', 'STATEMENTS', 'KEYS NOT GIVEN'], rows)
}

/** As editors read a place: the policy with line and column. */
function statementsText(statements: readonly Statement[] = []): string {
  return statements
    .map(({ SourcePolicyId, StartPosition }) => {
      const { Line = 0, Column = 0 } = StartPosition ?? {}
      return `${SourcePolicyId ?? ''}:${Line}:${Column}`
    })
    .join(', ')
}
