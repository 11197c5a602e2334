import type { Command } from 'commander'
import { makePayload } from '../../src/signatures/notation/payload.ts'
import { packSignature } from '../../src/signatures/notation/pack-signature.ts'
import { parseDuration } from '../../src/lib/duration.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { formatOption, note, render, say, type Format } from '../output.ts'
import { describeSubject, openPush } from '../push-referrer.ts'
import { parseImageReference } from '../reference.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import { resolveImage } from '../sign/resolve-image.ts'
import { childrenOf } from '../sign/children-of.ts'
import { timestampingOf } from '../sign/timestamping.ts'
import { makeEnvelope, type SigningMeans } from '../sign/make-envelope.ts'

interface SignFlags {
  readonly profile?: string
  readonly key?: string
  readonly keyFile?: string
  readonly certChain?: string
  readonly format: string
  readonly annotation?: readonly string[]
  readonly expiry?: string
  readonly recursive?: true
  readonly timestampUrl?: string
  readonly timestampRoot?: string
  readonly existing?: true
  readonly output: Format
}

export function signCommand(program: Command): void {
  program
    .command('sign')
    .argument('<image>', 'team/app:1.0, or with --existing a repository')
    .description('Sign an image, and keep the signature beside it.')
    .option('--profile <name>', 'a signing profile of the server signs')
    .option('--key <name>', 'a named key of the server signs: pratique signing key create')
    .option('--key-file <file>', 'a private key of your own signs, here; it is sent nowhere')
    .option('--cert-chain <file>', 'its certificates: its own first, then its issuers')
    .option('--format <form>', 'jws or cose', 'jws')
    .option('--annotation <pair...>', 'what is signed along: stage=prod')
    .option('--expiry <duration>', 'for how long it holds: 90d')
    .option('--timestamp-url <url>', 'who stamps the time of a signature by --key-file (RFC 3161)')
    .option('--timestamp-root <file>', 'root certificate that its timestamps lead to')
    .option('--recursive', 'of an index all its images too')
    .option('--existing', 'sign what is in the repository as its pushes would be now')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  pratique sign team/app:1.0 --profile release\n  pratique sign team/app:1.0 --key-file key.pem --cert-chain chain.pem --format cose\n  pratique sign team/app --existing\n\nA tag is resolved first: what is signed is its digest, which is printed.\n\nExit codes: 0 signed, 1 failed, 2 nonsense, 4 not allowed, 5 not there.',
    )
    .action(sign)
}

async function sign(image: string, flags: SignFlags): Promise<void> {
  const session = openSession(configOf({}))
  if (flags.existing === true) {
    await signExisting(session, image)
    return
  }
  const means = meansOf(flags)
  const timestamping = await timestampingOf(flags.timestampUrl, flags.timestampRoot)
  if (timestamping !== undefined && means.kind !== 'file')
    throw new Failure(
      exitCodes.usage,
      '--timestamp-url is for --key-file: what the server signs it stamps by its own settings',
      'see PRATIQUE_TIMESTAMPS in docs/signing.md',
    )
  const format = formOf(flags.format)
  const expiresInMs = flags.expiry === undefined ? undefined : durationOf(flags.expiry)
  const annotations = annotationsOf(flags.annotation ?? [])
  const top = await resolveImage(session, image)
  const { repository } = top
  const below = flags.recursive === true ? await childrenOf(session, top) : []
  const signatures: { readonly digest: string; readonly signature: string }[] = []
  for (const digest of [top.digest, ...below]) {
    note(`signing ${repository}@${digest}`)
    const { subject, registryId } = await describeSubject(session, { repository, digest })
    const known = { ...subject, digest }
    const payload = makePayload(known, annotations)
    const envelope = await makeEnvelope(session, means, {
      payload,
      format,
      expiresInMs,
      timestamping,
    })
    const createdAt = new Date()
    const { manifest, blobs } = packSignature(known, { envelope, format, createdAt })
    const push = await openPush(session, `${registryId}/${repository}`)
    for (const bytes of blobs) await push.blob(bytes)
    signatures.push({ digest, signature: await push.manifest(Buffer.from(manifest)) })
  }
  const value = { repository, signatures }
  const table = (): string =>
    signatures.map(({ digest, signature }) => `${digest} signed by ${signature}`).join('\n')
  say(render(flags.output, value, table))
}

async function signExisting(session: Session, text: string): Promise<void> {
  const parsed = parseImageReference(text)
  if (parsed === undefined) throw new Failure(exitCodes.usage, `${text} is no repository`)
  const path = `/pratique/v1/signing/existing?${new URLSearchParams({ repository: parsed.repository }).toString()}`
  const answer = await jsonOf<{ readonly images: number; readonly asked: number }>(
    await callServer(session, 'POST', path),
  )
  say(`${answer.images} manifests, ${answer.asked} signatures asked for; they are made by and by`)
}

function meansOf({ profile, key, keyFile, certChain }: SignFlags): SigningMeans {
  const given = [profile, key, keyFile].filter((one) => one !== undefined)
  if (given.length !== 1)
    throw new Failure(
      exitCodes.usage,
      'say who signs: one of --profile, --key and --key-file',
      'profiles there are: pratique signing profile list; keys: pratique signing key list',
    )
  if ((keyFile === undefined) !== (certChain === undefined))
    throw new Failure(exitCodes.usage, '--key-file and --cert-chain go together')
  if (profile !== undefined) return { kind: 'profile', name: profile }
  if (key !== undefined) return { kind: 'key', name: key }
  return { kind: 'file', keyFile: keyFile ?? '', chainFile: certChain ?? '' }
}

function formOf(word: string): 'jws' | 'cose' {
  if (word === 'jws' || word === 'cose') return word
  throw new Failure(exitCodes.usage, `--format ${word} is none of jws and cose`)
}

function durationOf(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw new Failure(exitCodes.usage, `--expiry ${text} is no duration`, 'write 90d, 12h or 30m')
}

const reservedPrefix = 'io.cncf.notary'

function annotationsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw new Failure(exitCodes.usage, `--annotation ${pair} is not NAME=VALUE`)
    const name = pair.slice(0, at)
    if (name.toLowerCase().startsWith(reservedPrefix))
      throw new Failure(exitCodes.usage, `--annotation ${name}: ${reservedPrefix} is reserved`)
    return [name, pair.slice(at + 1)] as const
  })
  return Object.fromEntries(entries)
}
