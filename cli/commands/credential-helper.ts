// Purpose:  hand docker and others a password for a registry, from the AWS credentials at hand.
// Spec:     docker-credential-helpers: get, store, erase, list on standard input and output.
// Input:    the server URL as the client writes it, one line.
// Deviates: store and erase change nothing, as Amazon's helper does: the credentials come from AWS's own chain.
// Unknowns: no credentials for the host → the protocol's sentence and exit 1.
import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { Argument, type Command } from 'commander'
import { writeAtomically } from '../docker-config.ts'
import { exitCodes, Failure } from '../failure.ts'
import { say } from '../output.ts'
import { awsHost } from '../reference.ts'
import { authorizationToken, openAwsSession, openSession, type Session } from '../session.ts'
import { cacheDirectory, configOf, readText } from '../settings.ts'

/** The protocol's own words, which clients recognise. */
const notFound = 'credentials not found in native keychain'
const renewBeforeMs = 30 * 60_000

export function credentialHelperCommand(program: Command): void {
  program
    .command('credential-helper')
    .addArgument(new Argument('<operation>').choices(['get', 'store', 'erase', 'list']))
    .description("Speak docker's credential helper protocol, for any host.")
    .addHelpText(
      'after',
      '\nExample (docker config.json):\n  {"credHelpers": {"registry.example.org": "pratique"}}\n  with docker-credential-pratique on the path\n\nExit codes: 0 answered, 1 no credentials.',
    )
    .action(async (operation: string) => {
      if (operation === 'list') {
        say('{}')
        return
      }
      const input = (await text(process.stdin)).trim()
      if (operation !== 'get') return
      const host = input.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
      if (host === '') throw new Failure(exitCodes.error, notFound)
      const session = sessionFor(host)
      const password = await passwordFor(session)
      say(JSON.stringify({ ServerURL: input, Username: 'AWS', Secret: password }))
    })
}

function sessionFor(host: string): Session {
  const aws = awsHost(host)
  return aws === undefined ? openSession(configOf({})) : openAwsSession(aws.region)
}

interface CachedToken {
  readonly password: string
  readonly expiresAt: string
}

/** Tokens live for hours and pulls ask for them often: one is kept, readable by its owner only. */
async function passwordFor(session: Session): Promise<string> {
  const credentials = await session.ecr.config.credentials().catch(() => undefined)
  if (credentials === undefined) throw new Failure(exitCodes.error, notFound)
  const name = createHash('sha256')
    .update(`${session.name}\n${credentials.accessKeyId}`)
    .digest('hex')
  const file = join(cacheDirectory(), 'tokens', name)
  const kept = readCached(file)
  if (kept !== undefined && Date.parse(kept.expiresAt) - renewBeforeMs > new Date().getTime())
    return kept.password
  const { password, expiresAt } = await authorizationToken(session)
  writeAtomically(
    file,
    JSON.stringify({ password, expiresAt: expiresAt.toISOString() } satisfies CachedToken),
  )
  return password
}

function readCached(file: string): CachedToken | undefined {
  try {
    const parsed: unknown = JSON.parse(readText(file) ?? 'null')
    if (
      typeof parsed !== 'object' ||
      parsed === null ||
      !('password' in parsed) ||
      !('expiresAt' in parsed)
    )
      return undefined
    const { password, expiresAt } = parsed
    return typeof password === 'string' && typeof expiresAt === 'string'
      ? { password, expiresAt }
      : undefined
  } catch {
    return undefined
  }
}
