import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { formatOption, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

interface GuardRail {
  readonly kind: 'scp' | 'rcp'
  readonly level: number
  readonly name: string
  readonly document: string
}

interface Key {
  readonly kind: string
  readonly level: string
  readonly account?: string
}

const path = '/pratique/v1/guard-rails'

export function guardRailCommand(program: Command): void {
  const rails = program
    .command('guard-rail')
    .description('Limits of a whole account, as AWS has them in an organisation.')
  rails
    .command('list', { isDefault: true })
    .description('The guard rails of an account, level by level.')
    .option('--account <id>', 'another account than your own')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
    .action(list)
  withKey(rails.command('put'))
    .argument('<name>', 'by which it is replaced and deleted')
    .argument('<file>', 'the document')
    .description('Bind an account from now on.')
    .addHelpText(
      'after',
      '\nExample:\n  pratique guard-rail put no-deletes rail.json --kind scp --account 999988887777\n\nEach level that has documents needs an Allow in one of them: write one that allows all beside what you deny.\nThe root user of the account that runs this installation can always put and delete guard rails.\n\nExit codes: 0 put, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(put)
  withKey(rails.command('delete'))
    .argument('<name>')
    .description('Take one away.')
    .addHelpText('after', '\nExit codes: 0 deleted, 1 failed, 2 nonsense, 4 not allowed.')
    .action(remove)
}

function withKey(command: Command): Command {
  const kind = new Option(
    '--kind <kind>',
    'scp binds the account’s principals, rcp who uses what it has',
  )
  return command
    .addOption(kind.choices(['scp', 'rcp']).makeOptionMandatory())
    .option('--level <level>', '0 for the one nearest the root', '0')
    .option('--account <id>', 'another account than your own')
}

function queryOf(key: Partial<Key>, name?: string): string {
  const query = new URLSearchParams()
  for (const [part, value] of Object.entries({ ...key, name })) {
    if (value !== undefined) query.set(part, value)
  }
  return query.toString()
}

async function list(flags: { readonly account?: string; readonly output: Format }): Promise<void> {
  const { account, output } = flags
  const query = queryOf(account === undefined ? {} : { account })
  const response = await callServer(openSession(configOf({})), 'GET', `${path}?${query}`)
  const listed = await jsonOf<{ readonly guardRails: readonly GuardRail[] }>(response)
  const table = (): string =>
    renderTable(
      ['KIND', 'LEVEL', 'NAME', 'BYTES'],
      listed.guardRails.map(({ kind, level, name, document }) => [
        kind,
        String(level),
        name,
        String(Buffer.byteLength(document)),
      ]),
    )
  say(render(output, listed, table))
}

async function put(name: string, file: string, { kind, level, account }: Key): Promise<void> {
  const query = queryOf({ kind, level, ...(account === undefined ? {} : { account }) }, name)
  const body = { stream: new Blob([await documentIn(file)]).stream(), type: 'application/json' }
  const response = await callServer(openSession(configOf({})), 'POST', `${path}?${query}`, body)
  const done = await jsonOf<{ readonly account: string }>(response)
  say(`account ${done.account} is bound by ${name} (${kind}, level ${level})`)
}

async function documentIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new Failure(
      exitCodes.usage,
      `${file} cannot be read`,
      'name a file that holds the policy',
    )
  }
}

async function remove(name: string, { kind, level, account }: Key): Promise<void> {
  const query = queryOf({ kind, level, ...(account === undefined ? {} : { account }) }, name)
  const response = await callServer(openSession(configOf({})), 'DELETE', `${path}?${query}`)
  const done = await jsonOf<{ readonly account: string }>(response)
  say(`account ${done.account} is no longer bound by ${name} (${kind}, level ${level})`)
}
