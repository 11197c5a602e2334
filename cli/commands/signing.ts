import { CancelSigningProfileCommand, PutSigningProfileCommand } from '@aws-sdk/client-signer'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { exitHelp } from '../iam.ts'
import { jsonOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { askSigner } from '../signer.ts'
import {
  addKeyRevocation,
  addProfileRevocation,
  addRuleCommands,
  allProfiles,
} from './signing-care.ts'

const base = '/pratique/v1/signing'
const platformId = 'Notation-OCI-SHA384-ECDSA'

type OutputFlag = { readonly output: Format }

export function signingCommand(program: Command): void {
  const signing = program
    .command('signing')
    .description('What signs here: profiles, named keys, and the root of their certificates.')
  addProfileCommands(signing)
  addKeyCommands(signing)
  addRuleCommands(signing)
  signing
    .command('roots')
    .description('The certificates that verifiers of signatures made here trust, in PEM.')
    .option('--timestamps', 'those of its timestamps')
    .addHelpText(
      'after',
      `\nExample:\n  pratique signing roots > pratique.pem\n  notation certificate add --type ca --store pratique pratique.pem\n\n${exitHelp('printed')}`,
    )
    .action(async ({ timestamps }: { readonly timestamps?: true }) => {
      const path = `${base}/roots?purpose=${timestamps === true ? 'timestamps' : 'signing'}`
      const answer = await callServer(openSession(configOf({})), 'GET', path)
      const { pem } = await jsonOf<{ readonly pem: string }>(answer)
      say(pem.trimEnd())
    })
}

function addProfileCommands(signing: Command): void {
  const profile = signing
    .command('profile')
    .description('Signing profiles, as AWS Signer has them.')
  profile
    .command('put')
    .argument('<name>', 'letters, digits and _')
    .description('Make a profile, or a new version of one, with a key of its own.')
    .option('--mode <mode>', 'portable, for every client; aws-plugin, for AWS’s plugin')
    .option('--months <number>', 'for how long its signatures hold')
    .addOption(formatOption())
    .addHelpText(
      'after',
      `\nExample:\n  pratique signing profile put release\n\n${exitHelp('made')}`,
    )
    .action(putProfile)
  profile
    .command('list', { isDefault: true })
    .description('Profiles, and what becomes of their signatures.')
    .addOption(formatOption())
    .addHelpText('after', `\n${exitHelp('shown')}`)
    .action(listProfiles)
  profile
    .command('cancel')
    .argument('<name>')
    .description('It signs no more, for good; what it signed stays good.')
    .addHelpText('after', `\n${exitHelp('canceled')}`)
    .action(async (profileName: string) => {
      await askSigner((signer) => signer.send(new CancelSigningProfileCommand({ profileName })))
      note(`profile ${profileName} is canceled`)
    })
  addProfileRevocation(profile)
}

async function putProfile(
  profileName: string,
  flags: OutputFlag & { readonly mode?: string; readonly months?: string },
): Promise<void> {
  const { mode, months } = flags
  if (months !== undefined && !/^[1-9]\d{0,3}$/.test(months))
    throw new Failure(exitCodes.usage, `--months ${months} is no number of months`)
  const isThere = (await allProfiles()).some((one) => one.profileName === profileName)
  const tag = mode ?? (isThere ? undefined : 'portable')
  const input = {
    profileName,
    platformId,
    ...(tag === undefined ? {} : { tags: { 'pratique:mode': tag } }),
    ...(months === undefined
      ? {}
      : { signatureValidityPeriod: { value: Number(months), type: 'MONTHS' as const } }),
  }
  const made = await askSigner((signer) => signer.send(new PutSigningProfileCommand(input)))
  const { arn, profileVersion, profileVersionArn } = made
  const value = { arn, profileVersion, profileVersionArn }
  say(render(flags.output, value, () => `${arn ?? ''} version ${profileVersion ?? ''}`))
}

async function listProfiles({ output }: OutputFlag): Promise<void> {
  const profiles = await allProfiles()
  const rows = profiles.map(
    ({ profileName, status, profileVersion, tags, signatureValidityPeriod }) => [
      profileName ?? '',
      status ?? '',
      tags?.['pratique:mode'] ?? 'aws-plugin',
      profileVersion ?? '',
      `${signatureValidityPeriod?.value ?? ''} ${signatureValidityPeriod?.type ?? ''}`,
    ],
  )
  const table = (): string =>
    renderTable(['NAME', 'STATUS', 'MODE', 'VERSION', 'SIGNATURES HOLD'], rows)
  say(render(output, { profiles }, table))
}

interface NamedKey {
  readonly name: string
  readonly algorithm: string
  readonly publicKey: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly revokedFrom?: string
}

function addKeyCommands(signing: Command): void {
  const key = signing.command('key').description('Named keys, whose private part never leaves.')
  key
    .command('create')
    .argument('<name>')
    .description('Make a key with a certificate of this registry.')
    .option(
      '--algorithm <word>',
      'EC-256, EC-384, EC-521, RSA-2048, RSA-3072 or RSA-4096',
      'EC-384',
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      `\nExample:\n  pratique signing key create ci\n  pratique sign team/app:1.0 --key ci\n\n${exitHelp('made')}`,
    )
    .action(async (name: string, flags: OutputFlag & { readonly algorithm: string }) => {
      const query = new URLSearchParams({ name, algorithm: flags.algorithm }).toString()
      const answer = await callServer(openSession(configOf({})), 'POST', `${base}/keys?${query}`)
      const made = await jsonOf<NamedKey>(answer)
      say(render(flags.output, made, () => made.publicKey.trimEnd()))
    })
  key
    .command('list', { isDefault: true })
    .description('Named keys; none of them is ever shown whole.')
    .addOption(formatOption())
    .addHelpText('after', `\n${exitHelp('shown')}`)
    .action(async ({ output }: OutputFlag) => {
      const keys = await namedKeys()
      const rows = keys.map((one) => [
        one.name,
        one.algorithm,
        one.createdAt,
        one.expiresAt,
        one.revokedFrom ?? '',
      ])
      const table = (): string =>
        renderTable(['NAME', 'ALGORITHM', 'MADE', 'CERTIFICATE ENDS', 'REVOKED FROM'], rows)
      say(render(output, { keys }, table))
    })
  key
    .command('export-public')
    .argument('<name>')
    .description('The public part, in PEM.')
    .addHelpText('after', `\n${exitHelp('printed')}`)
    .action(async (name: string) => {
      const found = (await namedKeys()).find((one) => one.name === name)
      if (found === undefined)
        throw new Failure(exitCodes.notFound, `there is no signing key ${name}`)
      say(found.publicKey.trimEnd())
    })
  addKeyRevocation(key)
}

async function namedKeys(): Promise<readonly NamedKey[]> {
  const answer = await callServer(openSession(configOf({})), 'GET', `${base}/keys`)
  return (await jsonOf<{ readonly keys: readonly NamedKey[] }>(answer)).keys
}
