// The command line: builds the commands, runs one, and turns its end into an exit code and words.
import { basename } from 'node:path'
import { Command, CommanderError } from 'commander'
import { exitCodes, Failure } from './failure.ts'
import { note } from './output.ts'

type AddCommand = (program: Command) => void

/** By their first word, as help lists them. Each is read when it is asked for: what one needs is no part of another's start. */
const commands: ReadonlyMap<string, () => Promise<AddCommand>> = new Map(
  Object.entries({
    serve: async () => (await import('./commands/serve.ts')).serveCommand,
    init: async () => (await import('./commands/init.ts')).initCommand,
    env: async () => (await import('./commands/env.ts')).envCommand,
    doctor: async () => (await import('./commands/doctor.ts')).doctorCommand,
    login: async () => (await import('./commands/login.ts')).loginCommand,
    'credential-helper': async () =>
      (await import('./commands/credential-helper.ts')).credentialHelperCommand,
    'kubelet-credential-provider': async () =>
      (await import('./commands/kubelet-credential-provider.ts')).kubeletCredentialProviderCommand,
    db: async () => (await import('./commands/db.ts')).dbCommand,
    quota: async () => (await import('./commands/quota.ts')).quotaCommand,
    'oidc-provider': async () => (await import('./commands/oidc-provider.ts')).oidcProviderCommand,
    scan: async () => (await import('./commands/scan.ts')).scanCommand,
    sbom: async () => (await import('./commands/sbom.ts')).sbomCommand,
    vex: async () => (await import('./commands/vex.ts')).vexCommand,
    suppressions: async () => (await import('./commands/suppressions.ts')).suppressionsCommand,
    trust: async () => (await import('./commands/trust.ts')).trustCommand,
    signatures: async () => (await import('./commands/signatures.ts')).signaturesCommand,
    verify: async () => (await import('./commands/verify.ts')).verifyCommand,
    where: async () => (await import('./commands/where.ts')).whereCommand,
    lifecycle: async () => (await import('./commands/lifecycle.ts')).lifecycleCommand,
    attest: async () => (await import('./commands/attest.ts')).attestCommand,
    sign: async () => (await import('./commands/sign.ts')).signCommand,
    signing: async () => (await import('./commands/signing.ts')).signingCommand,
    notify: async () => (await import('./commands/notify.ts')).notifyCommand,
    admission: async () => (await import('./commands/admission.ts')).admissionCommand,
    cluster: async () => (await import('./commands/cluster.ts')).clusterCommand,
    gate: async () => (await import('./commands/gate.ts')).gateCommand,
    audit: async () => (await import('./commands/audit.ts')).auditCommand,
    'audit-log': async () => (await import('./commands/audit-log.ts')).auditLogCommand,
    session: async () => (await import('./commands/session.ts')).sessionCommand,
    keys: async () => (await import('./commands/keys.ts')).keysCommand,
    policy: async () => (await import('./commands/policy.ts')).policyCommand,
    'guard-rail': async () => (await import('./commands/guard-rail.ts')).guardRailCommand,
    account: async () => (await import('./commands/account.ts')).accountCommand,
    user: async () => (await import('./commands/user.ts')).userCommand,
    group: async () => (await import('./commands/group.ts')).groupCommand,
    role: async () => (await import('./commands/role.ts')).roleCommand,
    key: async () => (await import('./commands/key.ts')).keyCommand,
    gc: async () => (await import('./commands/gc.ts')).gcCommand,
    fsck: async () => (await import('./commands/fsck.ts')).fsckCommand,
    backup: async () => (await import('./commands/backup.ts')).backupCommand,
    restore: async () => (await import('./commands/restore.ts')).restoreCommand,
  }),
)

const introduction = `A self-hosted container registry that is secure by default: OCI, the AWS ECR API, its own scanner and a gate.

Start here:
  pratique serve                       run the registry
  eval "$(pratique env)"               point the aws CLI at it
  pratique gate my-app:1.0             may this image go out?`

/** With the command that the words ask for, or with all where they ask for none of these: help, `logout`, a slip of the pen. */
async function buildProgram(words: readonly string[]): Promise<Command> {
  const program = new Command('pratique')
  program
    .description(introduction)
    .option('--debug', 'show the stack of errors')
    .showSuggestionAfterError()
    .showHelpAfterError(
      '(--help behind a command shows what it takes; pratique --help shows the commands)',
    )
    .exitOverride()
  const asked = commands.get(words.find((word) => word !== '--debug') ?? '')
  for (const read of asked === undefined ? commands.values() : [asked]) (await read())(program)
  return program
}

/** Docker calls a helper by its own name: `docker-credential-pratique get`. */
function argumentsOf(argv: readonly string[]): readonly string[] {
  const [node = '', script = '', ...rest] = argv
  const isHelper = basename(script).startsWith('docker-credential-')
  return isHelper ? [node, script, 'credential-helper', ...rest] : argv
}

try {
  const argv = argumentsOf(process.argv)
  await (await buildProgram(argv.slice(2))).parseAsync(argv)
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
