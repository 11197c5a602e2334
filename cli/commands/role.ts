import { CreateRoleCommand, DeleteRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam'
import type { Command } from 'commander'
import { parseDuration } from '../../src/lib/duration.ts'
import { exitCodes, Failure } from '../failure.ts'
import { addAttachVerbs, askIam, collected, exitHelp, gather, tagsOf } from '../iam.ts'
import { formatOption, render, renderTable, say, type Format } from '../output.ts'
import { readText } from '../settings.ts'

interface CreateFlags {
  readonly trust: string
  readonly path?: string
  readonly description?: string
  readonly maxSession?: string
  readonly tag?: readonly string[]
}

export function roleCommand(program: Command): void {
  const role = program
    .command('role')
    .description('Rights that others take on for a while: CI jobs, other accounts, people.')
  role
    .command('list', { isDefault: true })
    .description('Roles of the account.')
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n  pratique role list\n\n${exitHelp('shown')}`)
    .action(list)
  role
    .command('create <name>')
    .description('Make a role.')
    .requiredOption('--trust <file>', 'the policy that says who may take it')
    .option('--path <path>', 'such as /ci/')
    .option('--description <text>', 'what it is for')
    .option('--max-session <duration>', 'from 1h to 12h')
    .option('--tag <key=value>', 'may be repeated', collected)
    .addHelpText(
      'after',
      `\nExample:\n  pratique role create ci --trust trust.json --max-session 2h\n\n${exitHelp('made')}`,
    )
    .action(create)
  role
    .command('delete <name>')
    .description('Delete a role that has no policies any more; its sessions end.')
    .addHelpText('after', `\nExample:\n  pratique role delete ci\n\n${exitHelp('deleted')}`)
    .action(async (name: string) => {
      await askIam((iam) => iam.send(new DeleteRoleCommand({ RoleName: name })))
      say(`role ${name} deleted`)
    })
  addAttachVerbs(role, 'role')
}

async function list({ output }: { readonly output: Format }): Promise<void> {
  const roles = await askIam((iam) =>
    gather(
      (marker) => iam.send(new ListRolesCommand(marker)),
      (page) => page.Roles,
    ),
  )
  const rows = roles.map(({ RoleName = '', RoleId = '', Arn = '', Description = '' }) => [
    RoleName,
    RoleId,
    Arn,
    Description,
  ])
  say(render(output, roles, () => renderTable(['NAME', 'ID', 'ARN', 'DESCRIPTION'], rows)))
}

async function create(name: string, flags: CreateFlags): Promise<void> {
  const trust = readText(flags.trust)
  if (trust === undefined) {
    throw new Failure(exitCodes.usage, `${flags.trust} cannot be read`, 'name a file with a policy')
  }
  const input = {
    RoleName: name,
    AssumeRolePolicyDocument: trust,
    Tags: [...tagsOf(flags.tag)],
    ...(flags.path === undefined ? {} : { Path: flags.path }),
    ...(flags.description === undefined ? {} : { Description: flags.description }),
    ...(flags.maxSession === undefined ? {} : { MaxSessionDuration: secondsOf(flags.maxSession) }),
  }
  const { Role } = await askIam((iam) => iam.send(new CreateRoleCommand(input)))
  say(`role ${name} made: ${Role?.Arn ?? ''}`)
}

function secondsOf(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined) return Math.round(milliseconds / 1000)
  throw new Failure(exitCodes.usage, `${JSON.stringify(text)} is not a duration`, 'write 90m or 2h')
}
