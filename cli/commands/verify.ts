import type { Command } from 'commander'
import { parseTrustPolicy, sayFaults } from '../../src/trust/rules/parse-trust-policy.ts'
import { materialFrom, type StoredMaterial } from '../../src/trust/rules/trust-material.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { note, render, say, type Format } from '../output.ts'
import { parseImageReference, type ImageReference } from '../reference.ts'
import { callServer, clientSettings, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import { askEvidence } from '../trust/ask-evidence.ts'
import { openReader, type ReadManifest, type RegistryReader } from '../trust/registry-reader.ts'
import { decidingCheck, outcome, outputOption, signatureTable } from '../trust/render-trust.ts'
import { signingService } from '../trust/ask-signing-service.ts'
import { verifyImage } from '../trust/verify-image.ts'

interface Asked {
  readonly trust?: string
  readonly server?: true
  readonly output: Format
}

interface Flags extends Asked {
  readonly at?: string
}

export function verifyCommand(program: Command): void {
  program
    .command('verify')
    .argument('<image>', 'team/app:1.0 or team/app@sha256:…')
    .description('Are the signatures of an image those that a trust policy asks for?')
    .option('--trust <name>', 'the trust policy; needed where several are about the repository')
    .option('--at <time>', 'as of that moment: 2027-01-31 or 2027-01-31T12:00:00Z')
    .option('--server', 'what the server has found, instead of judging here')
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExamples:\n  pratique verify team/app:1.0 --trust release\n  pratique verify team/app:1.0 --server -o json\n\nThe policy with its stores and keys comes from the server; signatures are fetched and judged here.\n\nExit codes: 0 verified, 1 failed, 2 nonsense, 3 not verified, 4 not allowed, 5 not found, 6 unknown.',
    )
    .action(verify)
}

async function verify(text: string, { at: atText, ...flags }: Flags): Promise<void> {
  const reference = parseImageReference(text)
  if (reference === undefined) throw new Failure(exitCodes.usage, `${text} is no image reference`)
  const at = atText === undefined ? undefined : dateIn(atText)
  const session = openSession(configOf({}))
  if (flags.server !== true) return judgeHere(session, reference, { ...flags, at })
  const { repository, digest } = reference
  // Of an image that is gone only the digest is left.
  const named = { repository, digest: digest ?? (await imageOf(session, reference)).image.digest }
  return at === undefined ? ask(session, named, flags) : recall(session, named, { ...flags, at })
}

async function imageOf(
  session: Session,
  { repository, digest, tag, text }: ImageReference,
): Promise<{ readonly reader: RegistryReader; readonly image: ReadManifest }> {
  const reader = await openReader(session, repository)
  const image = await reader.manifest(digest ?? tag ?? 'latest')
  if (image === undefined) throw new Failure(exitCodes.notFound, `${text} is not there`)
  return { reader, image }
}

async function judgeHere(
  session: Session,
  reference: ImageReference,
  { trust, at, output }: Asked & { readonly at: Date | undefined },
): Promise<void> {
  const { reader, image } = await imageOf(session, reference)
  const { repository } = reference
  const named = { repository, digest: image.digest }
  const name = await policyName(session, named, trust)
  const policy = await policyOf(session, name)
  const now = (at ?? new Date()).getTime()
  const askSigner = signingService(clientSettings(configOf({})).settings)
  const found = await verifyImage(reader, { ...image, repository }, { ...policy, now, askSigner })
  const answer = { image: named, policy: name, ...found }
  say(render(output, answer, () => renderHere(`${repository}@${image.digest}`, answer)))
  if (found.result === 'none' && policy.policy.inheritFromIndex)
    note('signatures of an index that lists the image are known to the server: --server')
  end(found.result)
}

function dateIn(text: string): Date {
  const date = new Date(text)
  if (!Number.isNaN(date.getTime())) return date
  const message = `${JSON.stringify(text)} is no time`
  throw new Failure(exitCodes.usage, message, 'write 2027-01-31 or 2027-01-31T12:00:00Z')
}

interface Named {
  readonly repository: string
  readonly digest: string
}

interface ServerEvidence {
  readonly policy: string
  readonly result: string
  readonly reason?: string
  readonly identities: readonly string[]
  readonly via?: string
  readonly validUntil?: number
  readonly attestations: readonly {
    readonly rule: string
    readonly result: string
    readonly reason?: string
  }[]
}

/** The one that is about the repository; whoever must choose says so. */
async function policyName(
  session: Session,
  named: Named,
  trust: string | undefined,
): Promise<string> {
  if (trust !== undefined) return trust
  return onlyOf(await askEvidence<ServerEvidence>(session, named), named).policy
}

function onlyOf(all: readonly ServerEvidence[], { repository }: Named): ServerEvidence {
  const [only, ...others] = all
  if (only === undefined) {
    const message = `no trust policy is about repository ${repository}: nothing in it is trusted`
    throw new Failure(exitCodes.no, message, 'put one: pratique trust set FILE')
  }
  if (others.length === 0) return only
  const names = all.map(({ policy }) => policy).join(', ')
  throw new Failure(
    exitCodes.usage,
    `several trust policies are about ${repository}: ${names}`,
    'name one with --trust',
  )
}

async function policyOf(session: Session, name: string): ReturnType<typeof readPolicy> {
  const path = `/pratique/v1/trust/policy?${new URLSearchParams({ name }).toString()}`
  return readPolicy(await callServer(session, 'GET', path))
}

async function readPolicy(
  answer: Response,
): Promise<Pick<Parameters<typeof verifyImage>[2], 'policy' | 'material'>> {
  const { text, material } = await jsonOf<{
    readonly text: string
    readonly material: readonly StoredMaterial[]
  }>(answer)
  const read = parseTrustPolicy(text)
  if (read.kind === 'refused')
    throw new Failure(exitCodes.error, `the trust policy cannot be read: ${sayFaults(read.faults)}`)
  return { policy: read.policy, material: materialFrom(material) }
}

function renderHere(
  image: string,
  found: Awaited<ReturnType<typeof verifyImage>> & { readonly policy: string },
): string {
  const rows = found.signatures.map(({ manifest, format, entry, verdict }) => {
    const { result, reason, identity, checks } = verdict
    return {
      manifest,
      format,
      policy: found.policy,
      entry,
      result,
      reason,
      identity,
      detail: decidingCheck(checks),
    }
  })
  const by = found.identities.length === 0 ? '' : `, signed by ${found.identities.join(', ')}`
  const head = `${image}: ${outcome(found)} under ${found.policy}${by}`
  const attested = found.attestations.map((one) => `attestation ${one.rule}: ${outcome(one)}`)
  return [head, ...attested, ...(rows.length === 0 ? [] : [signatureTable(rows)])].join('\n')
}

async function ask(session: Session, named: Named, { trust, output }: Asked): Promise<void> {
  const found = onlyOf(await askEvidence<ServerEvidence>(session, { ...named, trust }), named)
  say(
    render(output, { image: named, ...found }, () => {
      const via = found.via === undefined ? '' : ` via ${found.via}`
      const by = found.identities.length === 0 ? '' : `, signed by ${found.identities.join(', ')}`
      const head = `${named.repository}@${named.digest}: ${outcome(found)}${via} under ${found.policy}${by}`
      const until =
        found.validUntil === undefined ? [] : [`until ${new Date(found.validUntil).toISOString()}`]
      const attested = found.attestations.map((one) => `attestation ${one.rule}: ${outcome(one)}`)
      return [head, ...until, ...attested].join('\n')
    }),
  )
  end(found.result)
}

/** What the server knew then. */
async function recall(
  session: Session,
  named: Named,
  { trust, at, output }: Asked & { readonly at: Date },
): Promise<void> {
  if (trust === undefined)
    throw new Failure(exitCodes.usage, 'which trust policy is meant?', 'name it with --trust')
  const query = new URLSearchParams({ ...named, trust, at: at.toISOString() })
  const answer = await callServer(session, 'GET', `/pratique/v1/evidence?${query.toString()}`)
  const { known } = await jsonOf<{
    readonly known: {
      readonly result: string
      readonly reason?: string
      readonly at: string
    } | null
  }>(answer)
  const text = `${named.repository}@${named.digest}`
  say(
    render(output, { image: named, policy: trust, at: at.toISOString(), known }, () =>
      known === null
        ? `${text}: nothing was known at ${at.toISOString()} under ${trust}`
        : `${text}: ${outcome(known)} under ${trust}, found at ${known.at}`,
    ),
  )
  end(known?.result ?? 'unknown')
}

function end(result: string): void {
  if (result === 'verified') return
  process.exitCode = result === 'unknown' ? exitCodes.cannotAnswer : exitCodes.no
}
