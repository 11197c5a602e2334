import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callNotifications } from './call.ts'

interface DeadLetter {
  readonly id: number
  readonly message: string
  readonly title: string
  readonly at: string
  readonly diedAt: string
  readonly attempts: number
  readonly error: string
}

/** As many as the server answers at a time. */
const pageLetters = 100

export function addLetterCommands(notify: Command): void {
  notify
    .command('dead-letters')
    .argument('<name>', 'of a sink')
    .description('Messages that the sink did not take, the oldest first.')
    .option('--after <id>', 'those behind this one')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
    .action(list)
  notify
    .command('resend')
    .argument('<name>', 'of a sink')
    .argument('[id]', 'of a dead letter, as the list has it')
    .description('Send dead letters again, under the ids that they had.')
    .option('--all', 'all of the sink')
    .addHelpText(
      'after',
      '\nExample:\n  pratique notify resend ops --all\n\nExit codes: 0 they wait again, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(resend)
  notify
    .command('discard')
    .argument('<name>', 'of a sink')
    .argument('[id]', 'of a dead letter, as the list has it')
    .description('Throw dead letters away.')
    .option('--all', 'all of the sink')
    .addHelpText('after', '\nExit codes: 0 gone, 1 failed, 2 nonsense, 4 not allowed.')
    .action(discard)
}

async function list(
  name: string,
  { after, output }: { readonly after?: string; readonly output: Format },
): Promise<void> {
  const query = { name, ...(after === undefined ? {} : { after }) }
  const path = '/dead-letters'
  const answer = await callNotifications<{ readonly deadLetters: readonly DeadLetter[] }>(
    'GET',
    path,
    { query },
  )
  const { deadLetters } = answer
  say(
    render(output, answer, () =>
      renderTable(
        ['ID', 'HAPPENED', 'ATTEMPTS', 'WHY', 'MESSAGE'],
        deadLetters.map(({ id, at, attempts, error, title }) => [
          String(id),
          at,
          String(attempts),
          error,
          title,
        ]),
      ),
    ),
  )
  const last = deadLetters.at(-1)
  if (deadLetters.length === pageLetters && last !== undefined)
    note(`there may be more: --after ${last.id}`)
}

interface Chosen {
  readonly all?: boolean
}

async function resend(name: string, id: string | undefined, flags: Chosen): Promise<void> {
  const query = queryOf(name, id, flags)
  const { resent } = await callNotifications<{ readonly resent: number }>(
    'POST',
    '/dead-letters/resend',
    { query },
  )
  say(`${resent} wait to be sent again`)
}

async function discard(name: string, id: string | undefined, flags: Chosen): Promise<void> {
  const query = queryOf(name, id, flags)
  const { deleted } = await callNotifications<{ readonly deleted: number }>(
    'DELETE',
    '/dead-letters',
    { query },
  )
  say(`${deleted} are gone`)
}

function queryOf(
  name: string,
  id: string | undefined,
  { all = false }: Chosen,
): Readonly<Record<string, string>> {
  if ((id === undefined) !== all) {
    throw new Failure(
      exitCodes.usage,
      'which ones is not said, or said twice',
      'give an id, or --all',
    )
  }
  return { name, ...(id === undefined ? { all: 'true' } : { id }) }
}
