import { CreateUserCommand, DeleteUserCommand, ListUsersCommand } from '@aws-sdk/client-iam'
import type { Command } from 'commander'
import { addAttachVerbs, askIam, collected, exitHelp, gather, tagsOf } from '../iam.ts'
import { formatOption, render, renderTable, say, type Format } from '../output.ts'

export function userCommand(program: Command): void {
  const user = program.command('user').description('People and programs with keys of their own.')
  user
    .command('list', { isDefault: true })
    .description('Users of the account.')
    .option('--path <prefix>', 'only those whose path begins so, such as /team/')
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n  pratique user list\n\n${exitHelp('shown')}`)
    .action(list)
  user
    .command('create <name>')
    .description('Make a user, who may do nothing until a policy allows it.')
    .option('--path <path>', 'such as /team/')
    .option('--tag <key=value>', 'may be repeated', collected)
    .addHelpText(
      'after',
      `\nExample:\n  pratique user create dev --tag team=blue\n\n${exitHelp('made')}`,
    )
    .action(create)
  user
    .command('delete <name>')
    .description('Delete a user that has no keys, groups and policies any more.')
    .addHelpText('after', `\nExample:\n  pratique user delete dev\n\n${exitHelp('deleted')}`)
    .action(async (name: string) => {
      await askIam((iam) => iam.send(new DeleteUserCommand({ UserName: name })))
      say(`user ${name} deleted`)
    })
  addAttachVerbs(user, 'user')
}

async function list(flags: { readonly path?: string; readonly output: Format }): Promise<void> {
  const filter = flags.path === undefined ? {} : { PathPrefix: flags.path }
  const users = await askIam((iam) =>
    gather(
      (marker) => iam.send(new ListUsersCommand({ ...filter, ...marker })),
      (page) => page.Users,
    ),
  )
  const rows = users.map(({ UserName = '', UserId = '', Arn = '', CreateDate }) => [
    UserName,
    UserId,
    Arn,
    CreateDate?.toISOString() ?? '',
  ])
  say(render(flags.output, users, () => renderTable(['NAME', 'ID', 'ARN', 'CREATED'], rows)))
}

async function create(
  name: string,
  flags: { readonly path?: string; readonly tag?: readonly string[] },
): Promise<void> {
  const path = flags.path === undefined ? {} : { Path: flags.path }
  const input = { UserName: name, ...path, Tags: [...tagsOf(flags.tag)] }
  const { User } = await askIam((iam) => iam.send(new CreateUserCommand(input)))
  say(`user ${name} made: ${User?.Arn ?? ''}`)
}
