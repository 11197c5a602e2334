import type { Command } from 'commander'
import { bundleManifest, signBundle } from '../../src/signatures/sigstore/sign-bundle.ts'
import { predicateTypeOf } from '../../src/signatures/sigstore/predicate-types.ts'
import { exitCodes, Failure } from '../failure.ts'
import { formatOption, note, render, say, type Format } from '../output.ts'
import { describeSubject, openPush } from '../push-referrer.ts'
import { openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { fileAt, readPrivateKey } from '../sign/own-key.ts'
import { resolveImage } from '../sign/resolve-image.ts'

interface AttestFlags {
  readonly type: string
  readonly predicate: string
  readonly keyFile: string
  readonly output: Format
}

export function attestCommand(program: Command): void {
  program
    .command('attest')
    .argument('<image>', 'team/app:1.0')
    .description('Sign a statement about an image with a key of your own, and keep it beside it.')
    .requiredOption(
      '--type <type>',
      'slsa, spdx, cyclonedx, vuln, openvex, another name of cosign’s, or an address',
    )
    .requiredOption('--predicate <file>', 'the JSON document that is stated')
    .requiredOption('--key-file <file>', 'a private key in PEM; it is used here and sent nowhere')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique attest team/app:1.0 --type spdx --predicate sbom.spdx.json --key-file key.pem\n  cosign verify-attestation --key key.pub --type spdx --insecure-ignore-tlog $R/team/app@sha256:…\n\nWhat is stated about is the digest, which is printed. Nothing is written to a public log.\n\nExit codes: 0 attested, 1 failed, 2 nonsense, 4 not allowed, 5 not there.',
    )
    .action(attest)
}

/** Of the names that stand for several versions, the newest. */
const newest: Readonly<Record<string, string>> = { slsa: 'slsaprovenance1', vex: 'openvex' }
const maxPredicateBytes = 16 * 1024 * 1024

async function attest(image: string, flags: AttestFlags): Promise<void> {
  const predicateType = predicateTypeOf(newest[flags.type] ?? flags.type)
  if (predicateType === undefined)
    throw new Failure(
      exitCodes.usage,
      `--type ${flags.type} is no kind of statement`,
      'write slsa, spdx, cyclonedx, vuln, openvex, or the address of a predicate type',
    )
  const predicate = await predicateIn(flags.predicate)
  const key = await readPrivateKey(flags.keyFile)
  const session = openSession(configOf({}))
  const { repository, digest } = await resolveImage(session, image)
  note(`attesting ${repository}@${digest}`)
  const { subject, registryId } = await describeSubject(session, { repository, digest })
  const bundle = bundleOf(key, { subject: digest, predicateType, predicate })
  const createdAt = new Date().getTime()
  const known = { ...subject, digest }
  const { manifest, blobs } = bundleManifest(bundle, { subject: known, predicateType, createdAt })
  const push = await openPush(session, `${registryId}/${repository}`)
  for (const bytes of blobs) await push.blob(bytes)
  const attestation = await push.manifest(manifest)
  const value = { repository, digest, predicateType, attestation }
  say(render(flags.output, value, () => `${digest} attested by ${attestation}: ${predicateType}`))
}

function bundleOf(...given: Parameters<typeof signBundle>): Buffer {
  try {
    return signBundle(...given)
  } catch (error) {
    const why = error instanceof Error ? error.message : ''
    throw new Failure(
      exitCodes.usage,
      `the key cannot sign statements: ${why}`,
      'EC P-256 and P-384, RSA from 2048 bits and Ed25519 can',
    )
  }
}

async function predicateIn(file: string): Promise<unknown> {
  const bytes = await fileAt(file)
  if (bytes.length > maxPredicateBytes)
    throw new Failure(exitCodes.usage, `${file} has more than ${maxPredicateBytes} bytes`)
  try {
    return JSON.parse(bytes.toString()) as unknown
  } catch (error) {
    const why = error instanceof Error ? error.message : ''
    throw new Failure(exitCodes.usage, `${file} is not JSON: ${why}`)
  }
}
