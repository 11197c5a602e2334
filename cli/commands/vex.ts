import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { digestOf } from '../../src/oci/digest.ts'
import { exitCodes, Failure } from '../failure.ts'
import { withPulls } from '../fetch-manifests.ts'
import { resolveTargets } from '../gate/findings.ts'
import { jsonOf } from '../json.ts'
import { formatOption, render, renderTable, say, type Format } from '../output.ts'
import { parseImageReference } from '../reference.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import { resourceOf } from './scan-explanation.ts'

interface GivenDocument {
  readonly digest: string
  readonly format: string
  readonly id: string
  readonly version: string
  readonly issuer: string
  readonly issuedAt: string
  readonly statements: number
  readonly givenBy: string
  readonly givenAt: string
}

const path = '/pratique/v1/vex'

export function vexCommand(program: Command): void {
  const vex = program
    .command('vex')
    .description('What vendors and people say of findings: OpenVEX and CSAF documents.')
  vex
    .command('add')
    .argument('<file...>', 'OpenVEX up to 0.2.0, or CSAF 2.0 of the profile csaf_vex')
    .description('Believe a document from now on, in all images of the account.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique vex add vendor.openvex.json\n\nExit codes: 0 added, 1 refused or failed, 2 nonsense, 4 not allowed.',
    )
    .action(add)
  vex
    .command('list', { isDefault: true })
    .argument('[image]', 'the documents pushed beside this image, believed or not')
    .description(
      'The documents that were added, or those beside an image with what they are worth.',
    )
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed, 5 not found.')
    .action(list)
  vex
    .command('show')
    .argument('<digest>', 'as the list has it')
    .description('A document that was added, as it was given.')
    .addHelpText('after', '\nExit codes: 0 shown, 1 there is none, 4 not allowed.')
    .action(show)
  vex
    .command('remove')
    .argument('<digest>', 'as the list has it')
    .description('Believe a document no more.')
    .addHelpText('after', '\nExit codes: 0 removed, 1 there is none, 4 not allowed.')
    .action(remove)
}

async function add(
  files: readonly string[],
  { output }: { readonly output: Format },
): Promise<void> {
  const session = withPulls(openSession(configOf({})), true)
  const added: (GivenDocument & { readonly isNew: boolean })[] = []
  for (const file of files) {
    const bytes = await bytesOf(file)
    const body = { stream: new Blob([bytes]).stream(), type: 'application/json' }
    // Stated, so that the audit log says which document it was.
    const url = `${path}?digest=${encodeURIComponent(digestOf(bytes))}`
    added.push(await jsonOf(await callServer(session, 'POST', url, body)))
  }
  const text = (): string =>
    added
      .map(({ digest, statements, issuer, isNew }) => {
        const what = `${digest}: ${statements} statements of ${issuer}`
        return isNew ? `added ${what}` : `there already: ${what}`
      })
      .join('\n')
  say(render(output, { documents: added }, text))
}

async function bytesOf(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(file))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `${file} cannot be read: ${why}`)
  }
}

async function list(
  image: string | undefined,
  { output }: { readonly output: Format },
): Promise<void> {
  const session = withPulls(openSession(configOf({})), true)
  if (image !== undefined) return listBeside(session, image, output)
  const listed = await jsonOf<{ readonly documents: readonly GivenDocument[] }>(
    await callServer(session, 'GET', path),
  )
  const rows = listed.documents.map((document) => [
    document.digest,
    document.format,
    document.id,
    document.version,
    document.issuer,
    document.issuedAt.slice(0, 10),
    String(document.statements),
    document.givenBy,
    document.givenAt.slice(0, 10),
  ])
  const header = [
    'DIGEST',
    'FORMAT',
    'ID',
    'VERSION',
    'ISSUER',
    'OF',
    'STATEMENTS',
    'GIVEN BY',
    'ON',
  ]
  say(render(output, listed, () => renderTable(header, rows)))
}

interface Referrer {
  readonly manifestDigest: string
  readonly state: 'trusted' | 'untrusted'
  readonly reason?: string
  readonly fingerprint?: string
  readonly id?: string
  readonly issuer?: string
  readonly statements?: number
}

async function listBeside(session: Session, image: string, output: Format): Promise<void> {
  const reference = parseImageReference(image)
  if (reference === undefined)
    throw new Failure(exitCodes.usage, `${image} is not an image reference`)
  const targets = await resolveTargets(session, reference, undefined)
  const subjects = new Set(targets.flatMap(({ digest, index }) => [index ?? digest, digest]))
  const referrers: Referrer[] = []
  for (const digest of subjects) {
    const [target] = targets
    if (target === undefined) break
    const query = new URLSearchParams({ resource: await resourceOf(session, target), digest })
    const answer = await callServer(session, 'GET', `${path}/referrers?${query.toString()}`)
    referrers.push(...(await jsonOf<{ referrers: readonly Referrer[] }>(answer)).referrers)
  }
  const rows = referrers.map((referrer) => [
    referrer.state,
    referrer.manifestDigest.slice(0, 19),
    referrer.id ?? '',
    referrer.issuer ?? '',
    String(referrer.statements ?? ''),
    referrer.reason ?? `signed with key ${referrer.fingerprint?.slice(0, 16) ?? ''}`,
  ])
  const header = ['STATE', 'MANIFEST', 'ID', 'ISSUER', 'STATEMENTS', 'WHY']
  say(render(output, { image, referrers }, () => renderTable(header, rows)))
}

async function show(digest: string): Promise<void> {
  const query = new URLSearchParams({ digest })
  const answer = await callServer(
    openSession(configOf({})),
    'GET',
    `${path}/document?${query.toString()}`,
  )
  say(JSON.stringify(await answer.json(), undefined, 2))
}

async function remove(digest: string): Promise<void> {
  const query = new URLSearchParams({ digest })
  await callServer(openSession(configOf({})), 'DELETE', `${path}?${query.toString()}`)
  say(`removed ${digest}`)
}
