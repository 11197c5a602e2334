import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { render, say, type Format } from '../output.ts'
import { parseImageReference } from '../reference.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { openReader } from '../trust/registry-reader.ts'
import { decidingCheck, outcome, outputOption, signatureTable } from '../trust/render-trust.ts'

export function signaturesCommand(program: Command): void {
  program
    .command('signatures')
    .argument('<image>', 'team/app:1.0 or team/app@sha256:…')
    .description(
      'What lies beside an image: signatures with result and reason, and everything else that refers to it.',
    )
    .addOption(outputOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 shown, 1 failed, 2 nonsense, 4 not allowed, 5 not found.',
    )
    .action(signatures)
}

interface Tree {
  readonly digest: string
  readonly evidence: readonly {
    readonly policy: string
    readonly result: string
    readonly reason?: string
    readonly via?: string
    readonly attestations: readonly {
      readonly rule: string
      readonly result: string
      readonly reason?: string
    }[]
  }[]
  readonly signatures: readonly {
    readonly manifestDigest: string
    readonly format: string
    readonly viaTag?: string
    readonly results: readonly {
      readonly policy: string
      readonly entry: string
      readonly result: string
      readonly reason?: string
      readonly identity?: string
      readonly checks: readonly {
        readonly outcome: string
        readonly action: string
        readonly detail: string
      }[]
    }[]
  }[]
  readonly referrers: readonly {
    readonly digest: string
    readonly artifactType?: string
    readonly pushedAt: string
  }[]
}

async function signatures(text: string, flags: { readonly output: Format }): Promise<void> {
  const reference = parseImageReference(text)
  if (reference === undefined) throw new Failure(exitCodes.usage, `${text} is no image reference`)
  const session = openSession(configOf({}))
  const { repository } = reference
  const reader = await openReader(session, repository)
  const image = await reader.manifest(reference.digest ?? reference.tag ?? 'latest')
  if (image === undefined) throw new Failure(exitCodes.notFound, `${text} is not there`)
  const query = new URLSearchParams({ repository, digest: image.digest })
  const answer = await callServer(session, 'GET', `/pratique/v1/signatures?${query.toString()}`)
  const tree = await jsonOf<Tree>(answer)
  say(render(flags.output, tree, () => renderTree(repository, tree)))
}

function renderTree(
  repository: string,
  { digest, evidence, signatures: all, referrers }: Tree,
): string {
  const said = evidence.flatMap((one) => [
    `  ${one.policy}: ${outcome(one)}${one.via === undefined ? '' : ` via ${one.via}`}`,
    ...one.attestations.map((rule) => `    attestation ${rule.rule}: ${outcome(rule)}`),
  ])
  const rows = all.flatMap(({ manifestDigest: manifest, format, results }) =>
    results.map(({ checks, ...one }) => ({
      manifest,
      format,
      ...one,
      detail: decidingCheck(checks),
    })),
  )
  const known = new Set(all.map(({ manifestDigest }) => manifestDigest))
  const others = referrers
    .filter((one) => !known.has(one.digest))
    .map((one) => `  ${one.digest}  ${one.artifactType ?? '-'}  ${one.pushedAt}`)
  return [
    `${repository}@${digest}`,
    ...(said.length === 0 ? ['  no trust policy is about this repository'] : said),
    ...(rows.length === 0 ? ['no signature was judged'] : [signatureTable(rows)]),
    ...(others.length === 0
      ? []
      : ['refers to it, and is no signature that was judged:', ...others]),
  ].join('\n')
}
