import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { exitHelp } from '../iam.ts'
import { jsonOf } from '../json.ts'
import { recoverRootKey } from '../recover-root-key.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

interface AccountLine {
  readonly id: string
  readonly state: 'active' | 'closed'
  readonly alias?: string
  readonly createdAt: string
}

interface KeyLine {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

type OutputFlag = { readonly output: Format }

interface RootKeyFlags extends OutputFlag {
  readonly data?: string
  readonly replace?: true
}

export function accountCommand(program: Command): void {
  const account = program
    .command('account')
    .description('The accounts of this installation; for the account that runs it.')
  account
    .command('list', { isDefault: true })
    .description('All accounts.')
    .addOption(formatOption())
    .addHelpText('after', `\nExample:\n  pratique account list\n\n${exitHelp('shown')}`)
    .action(list)
  account
    .command('create [id]')
    .description('Make an account with an administrator, whose key is shown once.')
    .option('--alias <name>', 'a name for people')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `\nExample:\n  pratique account create 210987654321 --alias production\n\nWithout an id one is drawn.\n\n${exitHelp('made')}`,
    )
    .action(create)
  account
    .command('alias <id> [name]')
    .description('Name an account; without a name its alias goes.')
    .addHelpText(
      'after',
      `\nExample:\n  pratique account alias 210987654321 prod\n\n${exitHelp('named')}`,
    )
    .action(async (id: string, alias: string | undefined) => {
      await post('/alias', { account: id, alias })
      say(alias === undefined ? `account ${id} has no alias` : `account ${id} is ${alias}`)
    })
  account
    .command('close <id>')
    .description('Close an account: its credentials open nothing any more, what it has stays.')
    .addHelpText(
      'after',
      `\nExample:\n  pratique account close 210987654321\n\n${exitHelp('closed')}`,
    )
    .action(async (id: string) => {
      await post('/close', { account: id })
      say(`account ${id} closed`)
    })
  account
    .command('open <id>')
    .description(
      'Open a closed account again: its keys hold, sessions and tokens from before do not.',
    )
    .addHelpText('after', `\nExample:\n  pratique account open 210987654321\n\n${exitHelp('open')}`)
    .action(async (id: string) => {
      await post('/open', { account: id })
      say(`account ${id} is open`)
    })
  account
    .command('root-key <id>')
    .description('Make a key of an account’s root user, for when policies lock everybody out.')
    .option('--data <directory>', 'of a data directory that no server uses, without any credential')
    .option('--replace', 'with --data: the keys that root has are deleted')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `\nExamples:\n  pratique account root-key 210987654321\n  pratique account root-key 123456789012 --data ./data   # every key is lost; the server is stopped\n\nDelete it when the work is done: as root, pratique key delete ID.\n\n${exitHelp('made')}`,
    )
    .action(rootKey)
}

async function rootKey(id: string, flags: RootKeyFlags): Promise<void> {
  if (flags.data !== undefined) {
    const asked = { id, directory: flags.data, replacesAll: flags.replace === true }
    return showKey(flags.output, await recoverRootKey(asked))
  }
  if (flags.replace === true) {
    const advice = 'a running server is asked as root: pratique key delete ID'
    throw new Failure(exitCodes.usage, '--replace needs --data', advice)
  }
  showKey(flags.output, await jsonOf<KeyLine>(await post('/root-key', { account: id })))
}

async function post(
  path: string,
  values: Readonly<Record<string, string | undefined>>,
): Promise<Response> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) query.set(name, value)
  }
  const session = openSession(configOf({}))
  return callServer(session, 'POST', `/pratique/v1/accounts${path}?${query.toString()}`)
}

async function list({ output }: OutputFlag): Promise<void> {
  const response = await callServer(openSession(configOf({})), 'GET', '/pratique/v1/accounts')
  const { accounts } = await jsonOf<{ readonly accounts: readonly AccountLine[] }>(response)
  const rows = accounts.map(({ id, alias = '', state, createdAt }) => [id, alias, state, createdAt])
  say(render(output, accounts, () => renderTable(['ID', 'ALIAS', 'STATE', 'CREATED'], rows)))
}

async function create(
  id: string | undefined,
  flags: OutputFlag & { readonly alias?: string },
): Promise<void> {
  const response = await post('', { account: id, alias: flags.alias })
  const made = await jsonOf<{
    readonly account: AccountLine
    readonly userName: string
    readonly key: KeyLine
  }>(response)
  if (flags.output !== 'table') say(render(flags.output, made, () => ''))
  else {
    say(`account ${made.account.id} made, with the administrator ${made.userName}`)
    showKey('table', made.key)
  }
}

function showKey(output: Format, key: KeyLine): void {
  const { accessKeyId, secretAccessKey } = key
  say(
    render(
      output,
      { accessKeyId, secretAccessKey },
      () => `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}`,
    ),
  )
  note('the secret is not shown again')
}
