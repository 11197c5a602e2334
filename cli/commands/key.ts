import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { askIam, exitHelp } from '../iam.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'

interface UserFlag {
  readonly user?: string
}
type OutputFlag = { readonly output: Format }

export function keyCommand(program: Command): void {
  const key = program
    .command('key')
    .description('Access keys: your own, or those of a user. Each user has two at most.')
  key
    .command('list', { isDefault: true })
    .argument('[user]', 'you, when there is none')
    .description('Keys, and when each was last used.')
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n  pratique key list dev\n\n${exitHelp('shown')}`)
    .action(list)
  key
    .command('create [user]')
    .description('Make a key; its secret is shown once.')
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n  pratique key create dev\n\n${exitHelp('made')}`)
    .action(async (user: string | undefined, flags: OutputFlag) => {
      await create(user, flags)
    })
  key
    .command('rotate [user]')
    .description('Make a second key beside the one there is; switch that one off with --replace.')
    .option('--replace', 'switch the older key off at once')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `\nExample:\n  pratique key rotate dev              the new key, the old one still holds\n  pratique key deactivate AKIA… --user dev   once the new one is in use\n\n${exitHelp('rotated')}`,
    )
    .action(rotate)
  addStatusVerb(key, 'activate', 'Active')
  addStatusVerb(key, 'deactivate', 'Inactive')
  key
    .command('delete <id>')
    .description('Delete a key for good.')
    .option('--user <name>', 'whose key it is; yours, when there is none')
    .addHelpText(
      'after',
      `\nExample:\n  pratique key delete AKIA… --user dev\n\n${exitHelp('deleted')}`,
    )
    .action(async (id: string, flags: UserFlag) => {
      const input = { AccessKeyId: id, ...named(flags.user) }
      await askIam((iam) => iam.send(new DeleteAccessKeyCommand(input)))
      say(`key ${id} deleted`)
    })
}

function addStatusVerb(
  key: Command,
  verb: 'activate' | 'deactivate',
  status: 'Active' | 'Inactive',
): void {
  key
    .command(`${verb} <id>`)
    .description(status === 'Active' ? 'Switch a key on again.' : 'Switch a key off.')
    .option('--user <name>', 'whose key it is; yours, when there is none')
    .addHelpText(
      'after',
      `\nExample:\n  pratique key ${verb} AKIA… --user dev\n\n${exitHelp(`${verb}d`)}`,
    )
    .action(async (id: string, flags: UserFlag) => {
      await askIam((iam) => setStatus(iam, id, flags.user, status))
      say(`key ${id} is ${status}`)
    })
}

async function setStatus(
  iam: IAMClient,
  id: string,
  user: string | undefined,
  status: 'Active' | 'Inactive',
): Promise<void> {
  await iam.send(new UpdateAccessKeyCommand({ AccessKeyId: id, Status: status, ...named(user) }))
}

function named(user: string | undefined): { readonly UserName?: string } {
  return user === undefined ? {} : { UserName: user }
}

async function list(user: string | undefined, { output }: OutputFlag): Promise<void> {
  const keys = await askIam(async (iam) => {
    const { AccessKeyMetadata: found = [] } = await iam.send(new ListAccessKeysCommand(named(user)))
    return Promise.all(
      found.map(async ({ UserName = '', AccessKeyId = '', Status = '', CreateDate }) => {
        const asked = new GetAccessKeyLastUsedCommand({ AccessKeyId })
        const { AccessKeyLastUsed: use } = await iam.send(asked)
        const lastUsed = { at: use?.LastUsedDate?.toISOString(), service: use?.ServiceName }
        const created = CreateDate?.toISOString() ?? ''
        return { user: UserName, id: AccessKeyId, status: Status, created, lastUsed }
      }),
    )
  })
  const rows = keys.map(({ user: name, id, status, created, lastUsed }) => [
    name,
    id,
    status,
    created,
    lastUsed.at === undefined ? 'never' : `${lastUsed.at} (${lastUsed.service ?? ''})`,
  ])
  const header = ['USER', 'KEY', 'STATUS', 'CREATED', 'LAST USED']
  say(render(output, keys, () => renderTable(header, rows)))
}

async function create(user: string | undefined, { output }: OutputFlag): Promise<string> {
  const { AccessKey: key } = await askIam((iam) =>
    iam.send(new CreateAccessKeyCommand(named(user))),
  )
  if (key?.AccessKeyId === undefined || key.SecretAccessKey === undefined) {
    throw new Failure(exitCodes.error, 'the server answered without a key')
  }
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = key
  say(
    render(
      output,
      { user: key.UserName, accessKeyId, secretAccessKey },
      () => `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}`,
    ),
  )
  note('the secret is not shown again')
  return accessKeyId
}

async function rotate(
  user: string | undefined,
  flags: OutputFlag & { readonly replace?: boolean },
): Promise<void> {
  const made = await create(user, flags)
  const { AccessKeyMetadata: keys = [] } = await askIam((iam) =>
    iam.send(new ListAccessKeysCommand(named(user))),
  )
  const whose = user === undefined ? '' : ` --user ${user}`
  for (const { AccessKeyId: id, Status } of keys) {
    if (id === undefined || id === made || Status !== 'Active') continue
    if (flags.replace === true) {
      await askIam((iam) => setStatus(iam, id, user, 'Inactive'))
      note(`key ${id} is Inactive; when nobody misses it: pratique key delete ${id}${whose}`)
    } else {
      note(
        `key ${id} still holds; when the new one is in use: pratique key deactivate ${id}${whose}`,
      )
    }
  }
}
