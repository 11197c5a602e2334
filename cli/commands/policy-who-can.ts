import type { Command } from 'commander'
import { collected } from '../iam.ts'
import { jsonOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

/** A statement that grants, as both questions about rights are answered. */
export interface Granting {
  readonly policy: string
  readonly index: number
  readonly sid?: string
  readonly groups?: readonly string[]
}

interface Access {
  readonly name: string
  readonly kind: string
  readonly access: 'always' | 'conditional' | 'never'
  readonly when?: string
  readonly grantedBy: readonly Granting[]
  readonly deniedBy: readonly Granting[]
  /** Of outsiders. */
  readonly needsOwnPolicies?: boolean
}

interface Answer {
  readonly account: string
  readonly principals: readonly Access[]
  readonly outsiders: readonly Access[]
  readonly next?: string
}

interface Flags {
  readonly context?: readonly string[]
  readonly all?: boolean
  readonly output: Format
}

const help = `
Example:
  pratique policy who-can ecr:PutImage arn:aws:ecr:us-east-1:123456789012:repository/team/app

Asks about root, all users and all roles of the account that has the resource, and shows whom its policies let in besides:
other accounts, in which their own policies must allow it as well, and the public. Where it depends on the request
(aws:SourceIp, or the tags that a role's session brings), the condition is shown; --context says what is known of it.

Exit codes: 0 shown, 1 failed, 2 nonsense, 4 not allowed.`

export function whoCanCommand(policy: Command): void {
  policy
    .command('who-can <action> [resource]')
    .description('Who may do this, always or under which condition, and what grants it.')
    .option('--context <key=value>', 'a condition key of the requests, may be repeated', collected)
    .option('--all', 'those who never may are shown too')
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(whoCan)
}

async function whoCan(action: string, resource: string = '*', flags: Flags): Promise<void> {
  const answer = await gatherParts(action, resource, flags)
  say(render(flags.output, answer, () => renderAnswer(answer)))
  if (answer.principals.length + answer.outsiders.length === 0) note('nobody may do it')
}

/** The server answers in parts, and all of them are the answer. */
async function gatherParts(action: string, resource: string, flags: Flags): Promise<Answer> {
  const query = new URLSearchParams({ action, resource, all: String(flags.all === true) })
  for (const text of flags.context ?? []) query.append('context', text)
  const session = openSession(configOf({}))
  const principals: Access[] = []
  const outsiders: Access[] = []
  for (;;) {
    const path = `/pratique/v1/policy/who-can?${query.toString()}`
    const part = await jsonOf<Answer>(await callServer(session, 'GET', path))
    principals.push(...part.principals)
    outsiders.push(...part.outsiders)
    if (part.next === undefined) return { account: part.account, principals, outsiders }
    query.set('after', part.next)
  }
}

function renderAnswer({ principals, outsiders }: Answer): string {
  const rows = [...principals, ...outsiders].map((one) => [
    nameOf(one),
    one.access === 'conditional' ? `if ${one.when ?? ''}` : one.access,
    one.access === 'never' ? '' : one.grantedBy.map(pathText).join('; '),
  ])
  return renderTable(['WHO', 'MAY', 'THROUGH'], rows)
}

/** Of another account's nobody knows here what their own policies allow. */
function nameOf({ kind, name, needsOwnPolicies }: Access): string {
  if (kind === 'public') return 'public: everybody, without credentials'
  if (kind === 'anyone') return 'anyone in any other account whose own policies allow it'
  if (kind === 'account') return `anyone in ${name} whose own policies allow it`
  return needsOwnPolicies === true ? `${name}, if its own policies allow it` : name
}

export function pathText({ policy, index, sid, groups = [] }: Granting): string {
  if (policy === 'root') return 'being root'
  if (policy === 'builtin') return 'anybody may'
  const through = groups.length === 0 ? '' : `, by group ${groups.join(', ')}`
  return `${policy}, statement ${sid ?? index}${through}`
}
