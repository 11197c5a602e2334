import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { formatOption, render, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

interface Flags {
  readonly role?: string
  readonly user?: string
  readonly session?: string
  readonly output: Format
}

export function sessionCommand(program: Command): void {
  const session = program
    .command('session')
    .description('Temporary credentials that were handed out.')
  session
    .command('revoke')
    .description('End sessions that were issued up to now, and the tokens made with them, at once.')
    .option('--role <name>', 'every session of the role')
    .option('--user <name>', 'every session of the user; their access keys stay')
    .option('--session <id>', 'one: its access key id (ASIA…), or AROA…:NAME for all of that name')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique session revoke --role ci\n\nNew sessions may be made as before: change the role’s trust policy to prevent that.\n\nExit codes: 0 revoked, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(revoke)
}

async function revoke({ output, role, user, session }: Flags): Promise<void> {
  const given = Object.entries({ role, user, session }).flatMap(([kind, name]) =>
    name === undefined ? [] : [{ kind, name }],
  )
  const [subject] = given
  if (subject === undefined || given.length > 1) {
    const message = 'whose sessions shall end is not said, or said twice'
    throw new Failure(exitCodes.usage, message, 'give one of --role, --user and --session')
  }
  const query = new URLSearchParams({ [subject.kind]: subject.name })
  const path = `/pratique/v1/sessions/revocations?${query.toString()}`
  const response = await callServer(openSession(configOf({})), 'POST', path)
  const revoked = await jsonOf<{ readonly subject: string; readonly issuedBefore: string }>(
    response,
  )
  say(
    render(output, revoked, () => {
      const { kind, name } = subject
      return `sessions of ${kind} ${name} that were issued before ${revoked.issuedBefore} are over`
    }),
  )
}
