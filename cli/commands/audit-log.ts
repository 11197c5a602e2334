import type { Command } from 'commander'
import { exportLog } from '../audit-log/export-log.ts'
import { search } from '../audit-log/search-log.ts'
import { verify } from '../audit-log/verify-log.ts'
import { jsonOf } from '../json.ts'
import { formatOption, say } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

export function auditLogCommand(program: Command): void {
  const log = program
    .command('audit-log')
    .description('Who did what, and was it allowed: search, verify and export the audit log.')
  searchCommand(log)
  verifyCommand(log)
  log
    .command('export')
    .description('Write the lines of a time into a file that can be verified by itself.')
    .requiredOption(
      '--output <file>',
      'where to; gzip when it ends with .gz, - for standard output',
    )
    .option('--from <time>', 'such as 2026-11-26 or 2026-11-26T12:00:00Z')
    .option('--to <time>', 'up to this time')
    .addHelpText(
      'after',
      '\nExample:\n  pratique audit-log export --from 2026-11-01 --output november.ndjson.gz\n\nThe last line is an anchor: keep a copy of the file where nobody who runs the registry can change it.\n\nExit codes: 0 written, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(exportLog)
  log
    .command('anchor')
    .description('Print where the log stands, signed; who keeps it notices a later cut.')
    .addHelpText(
      'after',
      '\nExample:\n  pratique audit-log anchor > /elsewhere/anchor.json\n\nExit codes: 0 printed, 1 failed, 4 not allowed.',
    )
    .action(anchor)
}

function searchCommand(log: Command): void {
  log
    .command('search')
    .description('The events of your account, newest first; all that is given must hold.')
    .option('--principal <arn>', 'who: a user, a role or a session')
    .option('--action <action>', 'what: ecr:PutImage')
    .option('--resource <arn>', 'of what: an ARN, or the name that one ends with')
    .option('--access-key-id <id>', 'with which key')
    .option('--from <time>', 'such as 2026-11-26 or 2026-11-26T12:00:00Z')
    .option('--to <time>', 'up to this time')
    .option('--denied', 'only what was denied')
    .option('--limit <count>', 'at most so many', '100')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique audit-log search --action ecr:PutImage --denied --from 2026-11-01\n\nExit codes: 0 shown, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(search)
}

function verifyCommand(log: Command): void {
  log
    .command('verify')
    .argument(
      '[files...]',
      'exports or segments in their order; the log of the running server when there is none',
    )
    .description('Find the first line that was removed, altered, moved or cut off.')
    .option('--data <directory>', 'the log of a data directory that no server uses')
    .option('--anchor <file>', 'what pratique audit-log anchor printed earlier')
    .option('--by-server', 'let the running server verify a file, which knows the key')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique audit-log verify --anchor /elsewhere/anchor.json\n  pratique audit-log verify november.ndjson.gz\n\nWithout the key a file shows only that its lines hang together; with it also that the server wrote them.\n\nExit codes: 0 whole, 1 failed, 2 nonsense, 3 not whole, 4 not allowed.',
    )
    .action(verify)
}

async function anchor(): Promise<void> {
  const response = await callServer(
    openSession(configOf({})),
    'GET',
    '/pratique/v1/audit-log/anchor',
  )
  say(JSON.stringify(await jsonOf<unknown>(response)))
}
