import type { Command } from 'commander'
import { collected } from '../iam.ts'
import { jsonOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { pathText, type Granting } from './policy-who-can.ts'

type Limit =
  | { readonly kind: 'deny'; readonly by: Granting }
  | { readonly kind: 'boundary' | 'session' | 'scp' | 'rcp'; readonly policy: string }

interface Permission {
  readonly action: string
  readonly resource: string
  readonly access: 'always' | 'conditional' | 'never'
  readonly when?: string
  readonly grantedBy: readonly Granting[]
  readonly limitedBy: readonly Limit[]
}

interface Answer {
  readonly principal: string
  readonly permissions: readonly Permission[]
  readonly next?: string
}

interface Flags {
  readonly resource?: string
  readonly action?: string
  readonly context?: readonly string[]
  readonly output: Format
}

const help = `
Examples:
  pratique policy what-can arn:aws:iam::123456789012:user/dev
  pratique policy what-can arn:aws:iam::123456789012:role/ci --resource arn:aws:ecr:us-east-1:123456789012:repository/team/app

Without --resource: what is asked on no resource (*), and every repository of the principal's account. Other resources, and what does
not exist yet, are asked by --resource. Where it depends on the request the condition is shown; --context says what is known of it.
"never" is said of what a statement grants and a Deny, a boundary, a session policy or a guard rail takes away; what nothing grants
is left out.

Exit codes: 0 shown, 1 failed, 2 nonsense, 4 not allowed.`

export function whatCanCommand(policy: Command): void {
  policy
    .command('what-can <principal>')
    .description('What a principal may do, by which statements, and what limits it.')
    .option('--resource <arn>', 'on this resource alone')
    .option('--action <name>', 'this action alone, such as ecr:PutImage')
    .option('--context <key=value>', 'a condition key of the requests, may be repeated', collected)
    .addOption(formatOption())
    .addHelpText('after', help)
    .action(whatCan)
}

async function whatCan(principal: string, flags: Flags): Promise<void> {
  const answer = await gatherParts(principal, flags)
  say(render(flags.output, answer, () => renderAnswer(answer)))
  if (answer.permissions.length === 0) note('nothing grants anything of it')
}

/** The server answers in parts, and all of them are the answer. */
async function gatherParts(principal: string, flags: Flags): Promise<Answer> {
  const query = new URLSearchParams({ principal })
  for (const name of ['resource', 'action'] as const) {
    const value = flags[name]
    if (value !== undefined) query.set(name, value)
  }
  for (const text of flags.context ?? []) query.append('context', text)
  const session = openSession(configOf({}))
  const permissions: Permission[] = []
  for (;;) {
    const path = `/pratique/v1/policy/what-can?${query.toString()}`
    const part = await jsonOf<Answer>(await callServer(session, 'GET', path))
    permissions.push(...part.permissions)
    if (part.next === undefined) return { principal: part.principal, permissions }
    query.set('after', part.next)
  }
}

/** Actions that are granted and limited alike share a row. */
function renderAnswer({ permissions }: Answer): string {
  const rows = new Map<string, { readonly actions: string[]; readonly of: Permission }>()
  for (const one of permissions) {
    const { action, ...alike } = one
    const key = JSON.stringify(alike)
    const row = rows.get(key) ?? { actions: [], of: one }
    row.actions.push(action)
    rows.set(key, row)
  }
  const cells = [...rows.values()].map(({ actions, of }) => [
    of.resource,
    actions.join(' '),
    of.access === 'conditional' ? `if ${of.when ?? ''}` : of.access,
    of.grantedBy.map(pathText).join('; '),
    of.limitedBy.map(limitText).join('; '),
  ])
  return renderTable(['ON', 'ACTIONS', 'MAY', 'THROUGH', 'LIMITED BY'], cells)
}

const names = {
  boundary: 'permissions boundary',
  session: 'session policy',
  scp: 'guard rail (scp)',
  rcp: 'guard rail (rcp)',
} as const

function limitText(limit: Limit): string {
  return limit.kind === 'deny'
    ? `Deny of ${pathText(limit.by)}`
    : `${names[limit.kind]} ${limit.policy}`
}
