import type { Command } from 'commander'
import { jsonOf } from '../json.ts'
import { formatOption, render, renderTable, say, visible, type Format } from '../output.ts'
import { renderProposals, type Proposal } from '../proposals.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

interface DecidingStatement {
  readonly type: string
  readonly policy: string
  readonly index: number
  readonly sid?: string
}

interface Failure {
  readonly part: string
  readonly operator?: string
  readonly key?: string
  readonly isNegated?: boolean
  readonly wanted: readonly string[]
  /** Absent: the request does not have the key. */
  readonly had?: string | readonly string[]
}

interface Statement {
  readonly index: number
  readonly sid?: string
  readonly effect: string
  readonly failures: readonly Failure[]
}

interface Policy {
  readonly type: string
  readonly id: string
  readonly level?: number
  readonly isHidden: boolean
  readonly statements: readonly Statement[]
}

interface Explanation {
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly decision: {
    readonly kind: 'allow' | 'explicit-deny' | 'implicit-deny'
    readonly decidedBy?: readonly DecidingStatement[]
    readonly missing?: readonly string[]
  }
  readonly message?: string
  readonly policies: readonly Policy[]
  readonly contextAbsent: readonly string[]
  /** Of a denied request. */
  readonly proposals: readonly Proposal[]
  readonly isCut: boolean
}

interface Flags {
  readonly principal: string
  readonly action: string
  readonly resource: string
  readonly context: readonly string[]
  readonly output: Format
}

export function explainCommand(policy: Command): void {
  policy
    .command('explain')
    .description(
      'What the policies say to a request, statement by statement, and what would have it allowed.',
    )
    .requiredOption('--principal <arn>', 'a user, role, session or root, or anonymous')
    .requiredOption('--action <action>', 'such as ecr:PutImage')
    .option('--resource <arn>', 'what it would be done to', '*')
    .option(
      '--context <key=value>',
      'a condition key of the request, as often as there are',
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique policy explain --principal arn:aws:iam::123456789012:role/ci --action ecr:PutImage \\\n    --resource arn:aws:ecr:us-east-1:123456789012:repository/team/app --context aws:SourceIp=192.0.2.1\n\nWhat only a connection has (aws:SourceIp, aws:SecureTransport) is absent unless given.\n\nExit codes: 0 shown, whatever was decided, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(explain)
}

async function explain(flags: Flags): Promise<void> {
  const { principal, action, resource, context, output } = flags
  const query = new URLSearchParams({ principal, action, resource })
  for (const text of context) query.append('context', text)
  const path = `/pratique/v1/policy/explain?${query.toString()}`
  const response = await callServer(openSession(configOf({})), 'GET', path)
  const explanation = await jsonOf<Explanation>(response)
  say(render(output, explanation, () => renderExplanation(explanation)))
}

function renderExplanation(explanation: Explanation): string {
  const { decision, message, policies, contextAbsent, proposals, isCut } = explanation
  const changes = renderProposals(proposals, isCut)
  const deciding = decision.decidedBy ?? []
  const rows = policies.flatMap((policy) => rowsOf(policy, deciding))
  const missing = (decision.missing ?? []).join(', ')
  const lines = [
    `${decision.kind}${missing === '' ? '' : `: nothing allows it in ${missing}`}`,
    ...(message === undefined ? [] : [visible(message)]),
    '',
    rows.length === 0
      ? 'no policy is about this request'
      : renderTable(['', 'TYPE', 'POLICY', 'STATEMENT', 'EFFECT', 'RESULT'], rows),
    ...(contextAbsent.length === 0 ? [] : ['', `absent: ${contextAbsent.join(', ')}`]),
    ...(changes.length === 0 ? [] : ['', ...changes]),
  ]
  return lines.join('\n')
}

function rowsOf(
  { type, id, level, isHidden, statements }: Policy,
  deciding: readonly DecidingStatement[],
): readonly (readonly string[])[] {
  const place = level === undefined ? type : `${type} ${level}`
  if (isHidden) return [['', place, id, '', '', 'another account’s: not shown']]
  return statements.map(({ index, sid, effect, failures }) => {
    const decides = deciding.some(
      (by) => by.type === type && by.policy === id && by.index === index,
    )
    const result = failures.length === 0 ? 'matches' : failures.map(failureText).join('; ')
    return [decides ? '>' : '', place, id, sid ?? String(index), effect, result]
  })
}

function failureText({ part, operator, key, isNegated, wanted, had }: Failure): string {
  const shown = had === undefined ? 'absent' : [had].flat().join(', ')
  const what = part === 'condition' ? `${operator ?? ''} ${key ?? ''}` : part
  const not = isNegated === true ? 'not ' : ''
  return `${what}: wanted ${not}${wanted.join(' or ')}, had ${shown}`
}
