// The command line: builds the commands, runs one, and turns its end into an exit code and words.
import { basename } from 'node:path'
import { Command, CommanderError } from 'commander'
import { accountCommand } from './commands/account.ts'
import { auditLogCommand } from './commands/audit-log.ts'
import { backupCommand } from './commands/backup.ts'
import { credentialHelperCommand } from './commands/credential-helper.ts'
import { dbCommand } from './commands/db.ts'
import { doctorCommand } from './commands/doctor.ts'
import { envCommand } from './commands/env.ts'
import { fsckCommand } from './commands/fsck.ts'
import { gateCommand } from './commands/gate.ts'
import { gcCommand } from './commands/gc.ts'
import { guardRailCommand } from './commands/guard-rail.ts'
import { groupCommand } from './commands/group.ts'
import { initCommand } from './commands/init.ts'
import { keyCommand } from './commands/key.ts'
import { loginCommand } from './commands/login.ts'
import { oidcProviderCommand } from './commands/oidc-provider.ts'
import { policyCommand } from './commands/policy.ts'
import { quotaCommand } from './commands/quota.ts'
import { keysCommand } from './commands/keys.ts'
import { restoreCommand } from './commands/restore.ts'
import { roleCommand } from './commands/role.ts'
import { scanCommand } from './commands/scan.ts'
import { serveCommand } from './commands/serve.ts'
import { sessionCommand } from './commands/session.ts'
import { userCommand } from './commands/user.ts'
import { exitCodes, Failure } from './failure.ts'
import { note } from './output.ts'

const introduction = `A self-hosted container registry that is secure by default: OCI, the AWS ECR API, its own scanner and a gate.

Start here:
  pratique serve                       run the registry
  eval "$(pratique env)"               point the aws CLI at it
  pratique gate my-app:1.0             may this image go out?`

function buildProgram(): Command {
  const program = new Command('pratique')
  program
    .description(introduction)
    .option('--debug', 'show the stack of errors')
    .showSuggestionAfterError()
    .showHelpAfterError('(pratique --help shows the commands)')
    .exitOverride()
  for (const add of [serveCommand, initCommand, envCommand, doctorCommand, loginCommand])
    add(program)
  for (const add of [credentialHelperCommand, dbCommand, quotaCommand, oidcProviderCommand])
    add(program)
  for (const add of [scanCommand, gateCommand, auditLogCommand, sessionCommand]) add(program)
  for (const add of [keysCommand, policyCommand, guardRailCommand]) add(program)
  for (const add of [accountCommand, userCommand, groupCommand, roleCommand, keyCommand])
    add(program)
  for (const add of [gcCommand, fsckCommand, backupCommand, restoreCommand]) add(program)
  return program
}

/** Docker calls a helper by its own name: `docker-credential-pratique get`. */
function argumentsOf(argv: readonly string[]): readonly string[] {
  const [node = '', script = '', ...rest] = argv
  const isHelper = basename(script).startsWith('docker-credential-')
  return isHelper ? [node, script, 'credential-helper', ...rest] : argv
}

try {
  await buildProgram().parseAsync(argumentsOf(process.argv))
} catch (error) {
  process.exitCode = report(error, process.argv.includes('--debug'))
}

function report(error: unknown, isDebug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (isDebug && error instanceof Error) note(error.stack ?? error.message)
  if (error instanceof Failure) {
    note(`pratique: ${error.message}`)
    if (error.advice !== undefined) note(`  ${error.advice}`)
    return error.exitCode
  }
  const message = error instanceof Error ? error.message : String(error)
  note(`pratique: ${message}`)
  if (!isDebug) note('  this looks like a fault of the program; repeat with --debug and report it')
  return exitCodes.error
}
