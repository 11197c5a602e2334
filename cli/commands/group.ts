import {
  AddUserToGroupCommand,
  CreateGroupCommand,
  DeleteGroupCommand,
  GetGroupCommand,
  ListGroupsCommand,
  RemoveUserFromGroupCommand,
} from '@aws-sdk/client-iam'
import type { Command } from 'commander'
import { addAttachVerbs, askIam, exitHelp, gather } from '../iam.ts'
import { formatOption, render, renderTable, say, type Format } from '../output.ts'

export function groupCommand(program: Command): void {
  const group = program.command('group').description('Users who share policies.')
  addListVerbs(group)
  group
    .command('create <name>')
    .description('Make a group.')
    .option('--path <path>', 'such as /team/')
    .addHelpText('after', `\nExample:\n  pratique group create devs\n\n${exitHelp('made')}`)
    .action(async (name: string, flags: { readonly path?: string }) => {
      const path = flags.path === undefined ? {} : { Path: flags.path }
      const input = { GroupName: name, ...path }
      const { Group } = await askIam((iam) => iam.send(new CreateGroupCommand(input)))
      say(`group ${name} made: ${Group?.Arn ?? ''}`)
    })
  group
    .command('delete <name>')
    .description('Delete a group that has no users and policies any more.')
    .addHelpText('after', `\nExample:\n  pratique group delete devs\n\n${exitHelp('deleted')}`)
    .action(async (name: string) => {
      await askIam((iam) => iam.send(new DeleteGroupCommand({ GroupName: name })))
      say(`group ${name} deleted`)
    })
  group
    .command('add <group> <user>')
    .description('Put a user into a group.')
    .addHelpText('after', `\nExample:\n  pratique group add devs dev\n\n${exitHelp('added')}`)
    .action(async (GroupName: string, UserName: string) => {
      await askIam((iam) => iam.send(new AddUserToGroupCommand({ GroupName, UserName })))
      say(`user ${UserName} added to group ${GroupName}`)
    })
  group
    .command('remove <group> <user>')
    .description('Take a user out of a group.')
    .addHelpText('after', `\nExample:\n  pratique group remove devs dev\n\n${exitHelp('removed')}`)
    .action(async (GroupName: string, UserName: string) => {
      await askIam((iam) => iam.send(new RemoveUserFromGroupCommand({ GroupName, UserName })))
      say(`user ${UserName} removed from group ${GroupName}`)
    })
  addAttachVerbs(group, 'group')
}

function addListVerbs(group: Command): void {
  group
    .command('list', { isDefault: true })
    .description('Groups of the account.')
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n  pratique group list\n\n${exitHelp('shown')}`)
    .action(async ({ output }: { readonly output: Format }) => {
      const groups = await askIam((iam) =>
        gather(
          (marker) => iam.send(new ListGroupsCommand(marker)),
          (page) => page.Groups,
        ),
      )
      const rows = groups.map(({ GroupName = '', GroupId = '', Arn = '' }) => [
        GroupName,
        GroupId,
        Arn,
      ])
      say(render(output, groups, () => renderTable(['NAME', 'ID', 'ARN'], rows)))
    })
  group
    .command('users <name>')
    .description('Who is in a group.')
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n  pratique group users devs\n\n${exitHelp('shown')}`)
    .action(async (name: string, { output }: { readonly output: Format }) => {
      const users = await askIam((iam) =>
        gather(
          (marker) => iam.send(new GetGroupCommand({ GroupName: name, ...marker })),
          (page) => page.Users,
        ),
      )
      const rows = users.map(({ UserName = '', Arn = '' }) => [UserName, Arn])
      say(render(output, users, () => renderTable(['NAME', 'ARN'], rows)))
    })
}
