import {
  ListSigningProfilesCommand,
  RevokeSigningProfileCommand,
  type SigningProfile,
} from '@aws-sdk/client-signer'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { exitHelp } from '../iam.ts'
import { jsonOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { askSigner } from '../signer.ts'

const base = '/pratique/v1/signing'

interface RevokeFlags {
  readonly effective: string
  readonly reason: string
}

const effectiveHelp =
  'from when on what it signed counts no more: 2026-11-01T12:00:00Z, not to come'

/** `pratique signing key revoke`. */
export function addKeyRevocation(key: Command): void {
  key
    .command('revoke')
    .argument('<name>')
    .requiredOption('--effective <time>', effectiveHelp)
    .requiredOption('--reason <text>', 'a sentence for the record')
    .description('It signs nothing more, and what it signed from then on counts no more; for good.')
    .addHelpText(
      'after',
      `\nExample:\n  pratique signing key revoke ci --effective 2026-11-01T12:00:00Z --reason "the runner was broken into"\n\nSignatures that a timestamp proves to be older stay good. Once more only for an earlier moment.\n\n${exitHelp('revoked')}`,
    )
    .action(async (name: string, flags: RevokeFlags) => {
      const effective = momentOf(flags.effective).toISOString()
      const query = new URLSearchParams({ name, effective, reason: flags.reason }).toString()
      const path = `${base}/keys/revocations?${query}`
      await callServer(openSession(configOf({})), 'POST', path)
      say(`key ${name} is revoked from ${effective} on`)
    })
}

/** `pratique signing profile revoke`. */
export function addProfileRevocation(profile: Command): void {
  profile
    .command('revoke')
    .argument('<name>')
    .option('--version <version>', 'the one that signs now, where none is named')
    .requiredOption('--effective <time>', effectiveHelp)
    .requiredOption('--reason <text>', 'a sentence for the record')
    .description('What a version of it signed from then on counts no more; for good.')
    .addHelpText(
      'after',
      `\nExample:\n  pratique signing profile revoke release --effective 2026-11-01T12:00:00Z --reason "the key was copied"\n\n${exitHelp('revoked')}`,
    )
    .action(async (profileName: string, flags: RevokeFlags & { readonly version?: string }) => {
      const effectiveTime = momentOf(flags.effective)
      const profileVersion = flags.version ?? (await currentVersion(profileName))
      const { reason } = flags
      const input = { profileName, profileVersion, reason, effectiveTime }
      await askSigner((signer) => signer.send(new RevokeSigningProfileCommand(input)))
      say(`version ${profileVersion} is revoked from ${effectiveTime.toISOString()} on`)
      note(`a new version signs: pratique signing profile put ${profileName}`)
    })
}

async function currentVersion(profileName: string): Promise<string> {
  const found = (await allProfiles()).find((one) => one.profileName === profileName)
  if (found?.profileVersion !== undefined) return found.profileVersion
  throw new Failure(exitCodes.notFound, `there is no signing profile ${profileName}`)
}

export async function allProfiles(): Promise<readonly SigningProfile[]> {
  const found: SigningProfile[] = []
  let nextToken: string | undefined
  do {
    const input = { includeCanceled: true, nextToken }
    const page = await askSigner((signer) => signer.send(new ListSigningProfilesCommand(input)))
    found.push(...(page.profiles ?? []))
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return found
}

function momentOf(text: string): Date {
  const date = new Date(text)
  if (!Number.isNaN(date.getTime())) return date
  const message = `--effective ${JSON.stringify(text)} is no moment`
  throw new Failure(exitCodes.usage, message, 'write 2026-11-01T12:00:00Z')
}

interface RuleOption {
  readonly signingProfileArn: string
  readonly indexOnly: boolean
}

/** `pratique signing rules`: what ECR's signing configuration has no words for. */
export function addRuleCommands(signing: Command): void {
  const rules = signing
    .command('rules')
    .description('How the profiles of the signing configuration sign what is pushed.')
  rules
    .command('list', { isDefault: true })
    .description('Each profile that a rule names.')
    .addOption(formatOption())
    .addHelpText('after', `\n${exitHelp('shown')}`)
    .action(async ({ output }: { readonly output: Format }) => {
      await showRules(await callServer(openSession(configOf({})), 'GET', `${base}/rules`), output)
    })
  rules
    .command('set')
    .argument('<profile-arn>', 'as the rule names it')
    .requiredOption('--index-only <word>', 'on: of an index and its images the index alone; off')
    .description('It stays when the configuration is put anew.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `\nExample:\n  pratique signing rules set arn:aws:signer:us-east-1:123456789012:/signing-profiles/release --index-only on\n\nAn image that no tag names is one of an index: it is left out. What a tag names is signed as ever.\n\n${exitHelp('set')}`,
    )
    .action(
      async (
        profileArn: string,
        flags: { readonly indexOnly: string; readonly output: Format },
      ) => {
        const { indexOnly, output } = flags
        const query = new URLSearchParams({ profileArn, indexOnly }).toString()
        const session = openSession(configOf({}))
        await showRules(await callServer(session, 'POST', `${base}/rules?${query}`), output)
      },
    )
}

async function showRules(answer: Response, output: Format): Promise<void> {
  const { rules } = await jsonOf<{ readonly rules: readonly RuleOption[] }>(answer)
  const rows = rules.map((one) => [one.signingProfileArn, one.indexOnly ? 'index only' : 'all'])
  const table = (): string =>
    rows.length === 0 ? 'no rules: nothing is signed' : renderTable(['PROFILE', 'SIGNS'], rows)
  say(render(output, { rules }, table))
}
