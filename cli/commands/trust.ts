import type { Command } from 'commander'
import { exportNotation, importNotation } from '../../src/trust/rules/notation-document.ts'
import { parseTrustPolicy } from '../../src/trust/rules/parse-trust-policy.ts'
import type { TrustPolicy } from '../../src/trust/rules/trust-policy.ts'
import { faultLine } from '../../src/trust/rules/yaml-members.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf, linesOf } from '../json.ts'
import { documentIn } from '../lifecycle/policy-text.ts'
import { note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import { outcome, outputOption } from '../trust/render-trust.ts'
import { addInitCommand } from './trust-init.ts'
import { addMaterialCommands } from './trust-material.ts'
import { addRevocationCommands } from './trust-revocation.ts'

const base = '/pratique/v1/trust'
const policyPath = `${base}/policy`

export function trustCommand(program: Command): void {
  const trust = program
    .command('trust')
    .description(
      'Whose signatures count: trust policies, and the certificates, keys and roots they name.',
    )
  trust
    .command('list')
    .description('The trust policies of the account.')
    .addOption(outputOption())
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
    .action(list)
  trust
    .command('show')
    .argument('<name>')
    .option('--history', 'who put which version when')
    .addOption(outputOption())
    .description('A trust policy as it was put.')
    .addHelpText('after', '\nExit codes: 0 shown, 1 there is none, 4 not allowed.')
    .action(show)
  trust
    .command('set')
    .argument('<file>', 'the document, YAML or JSON: docs/trust.md')
    .description('Put a trust policy in force, in place of the one of its name.')
    .addHelpText(
      'after',
      '\nExample:\n  pratique trust test release.yaml && pratique trust set release.yaml\n\nExit codes: 0 put, 1 refused by the server, 2 it cannot be accepted, 4 not allowed.',
    )
    .action(set)
  trust
    .command('delete')
    .argument('<name>')
    .description('Nothing is verified under that name any more, from now on.')
    .addHelpText('after', '\nExit codes: 0 deleted, 1 there is none, 4 not allowed.')
    .action(remove)
  trust
    .command('test')
    .argument('<file>')
    .addOption(outputOption())
    .description('What would a draft change, judged by what is stored? Nothing is changed.')
    .addHelpText(
      'after',
      '\nExample:\n  pratique trust test release.yaml && pratique trust set release.yaml\n\nExit codes: 0 nothing is lost, 1 failed, 2 it cannot be accepted, 3 images would not be verified any more, 4 not allowed.',
    )
    .action(test)
  trust
    .command('import-notation')
    .argument('<file>', 'trustpolicy.oci.json of notation')
    .option('--dry-run', 'print the policies instead of putting them')
    .description(
      "Put each statement of notation's document as a trust policy. Its stores must be there.",
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 put, 1 refused by the server, 2 it cannot be accepted, 4 not allowed.',
    )
    .action(importFile)
  trust
    .command('export-notation')
    .option('--host <host>', 'under which clients reach the registry; the endpoint without it')
    .description("The policies as notation's document, as far as it has words for them.")
    .addHelpText(
      'after',
      '\nWhat is left out is told on stderr.\n\nExit codes: 0 written, 1 failed, 4 not allowed.',
    )
    .action(exportFile)
  addInitCommand(trust)
  addMaterialCommands(trust)
  addRevocationCommands(trust)
}

interface Summary {
  readonly name: string
  readonly version: number
  readonly putAt: string
  readonly putBy: string
  readonly repositories: readonly string[]
  readonly scopes: readonly string[]
  readonly accept: readonly string[]
  readonly threshold: number
}

async function summaries(session: Session): Promise<readonly Summary[]> {
  const answer = await callServer(session, 'GET', `${base}/policies`)
  return (await jsonOf<{ readonly policies: readonly Summary[] }>(answer)).policies
}

async function list(flags: { readonly output: Format }): Promise<void> {
  const policies = await summaries(openSession(configOf({})))
  const rows = policies.map((one) => [
    one.name,
    [...one.repositories, ...one.scopes].join(' '),
    one.accept.join(', '),
    String(one.threshold),
    String(one.version),
    one.putAt,
  ])
  const header = ['NAME', 'REPOSITORIES', 'ACCEPTS', 'THRESHOLD', 'VERSION', 'PUT']
  const table = (): string =>
    rows.length === 0 ? 'no trust policies: nothing is verified' : renderTable(header, rows)
  say(render(flags.output, policies, table))
}

interface Shown {
  readonly text: string
  readonly versions: readonly {
    readonly version: number
    readonly text?: string
    readonly putAt: string
    readonly putBy: string
  }[]
}

async function policyNamed(session: Session, name: string): Promise<Shown> {
  const query = new URLSearchParams({ name }).toString()
  return jsonOf<Shown>(await callServer(session, 'GET', `${policyPath}?${query}`))
}

async function show(
  name: string,
  flags: { readonly history?: true; readonly output: Format },
): Promise<void> {
  const found = await policyNamed(openSession(configOf({})), name)
  const rows = found.versions.map((one) => [
    String(one.version),
    one.putAt,
    one.putBy,
    one.text === undefined ? 'deleted' : 'put',
  ])
  const table = (): string =>
    flags.history === true
      ? renderTable(['VERSION', 'AT', 'BY', 'WHAT'], rows)
      : found.text.trimEnd()
  say(render(flags.output, found, table))
}

/** Read here first, so that each fault is told with its place. */
function readDocument(text: string, file: string): TrustPolicy {
  const read = parseTrustPolicy(text)
  if (read.kind === 'read') return read.policy
  const lines = read.faults.map((fault) => `  ${faultLine(fault)}`)
  throw new Failure(exitCodes.usage, `${file} cannot be accepted:\n${lines.join('\n')}`)
}

interface Changed {
  readonly name: string
  readonly version: number
  readonly changes: readonly string[]
}

async function putDocument(session: Session, text: string): Promise<void> {
  const body = { stream: new Blob([text]).stream(), type: 'application/yaml' }
  const { name, version, changes } = await jsonOf<Changed>(
    await callServer(session, 'POST', policyPath, body),
  )
  say(`${name}: version ${version} is in force`)
  for (const change of changes) note(`  ${change}`)
}

async function set(file: string): Promise<void> {
  const text = await documentIn(file)
  readDocument(text, file)
  await putDocument(openSession(configOf({})), text)
}

async function remove(name: string): Promise<void> {
  const query = new URLSearchParams({ name }).toString()
  await callServer(openSession(configOf({})), 'DELETE', `${policyPath}?${query}`)
  say(`${name} is deleted: nothing is verified under it`)
}

type Tested =
  | {
      readonly kind: 'image'
      readonly repository: string
      readonly digest: string
      readonly before: Parameters<typeof outcome>[0]
      readonly after: Parameters<typeof outcome>[0]
    }
  | {
      readonly kind: 'summary'
      readonly policy: string
      readonly images: number
      readonly changed: number
      readonly gained: number
      readonly lost: number
    }

async function test(file: string, flags: { readonly output: Format }): Promise<void> {
  const text = await documentIn(file)
  readDocument(text, file)
  const body = { stream: new Blob([text]).stream(), type: 'application/yaml' }
  const response = await callServer(openSession(configOf({})), 'POST', `${base}/test`, body)
  const images: Extract<Tested, { kind: 'image' }>[] = []
  let summary: Extract<Tested, { kind: 'summary' }> | undefined
  for await (const one of linesOf<Tested>(response)) {
    if (one.kind === 'summary') summary = one
    else images.push(one)
  }
  if (summary === undefined)
    throw new Failure(exitCodes.error, 'the answer of the server broke off')
  const { lost, gained, changed, images: judged } = summary
  const rows = images.map((one) => [
    `${one.repository}@${one.digest}`,
    outcome(one.before),
    outcome(one.after),
  ])
  const total = `${judged} images judged, ${changed} change: ${gained} would be verified, ${lost} would not be any more`
  const table = (): string =>
    rows.length === 0 ? total : `${renderTable(['IMAGE', 'NOW', 'THEN'], rows)}\n${total}`
  say(render(flags.output, { images, summary }, table))
  if (lost > 0) process.exitCode = exitCodes.no
}

async function importFile(file: string, flags: { readonly dryRun?: true }): Promise<void> {
  const read = importNotation(Buffer.from(await documentIn(file)))
  if (read.kind === 'refused') {
    const lines = read.faults.map((fault) => `  ${fault}`)
    throw new Failure(exitCodes.usage, `${file} cannot be accepted:\n${lines.join('\n')}`)
  }
  // All are read before the first is put.
  for (const { name, text } of read.documents) readDocument(text, `${file}, ${name}`)
  if (flags.dryRun === true) {
    say(read.documents.map(({ text }) => text).join('\n'))
    return
  }
  const session = openSession(configOf({}))
  for (const { text } of read.documents) await putDocument(session, text)
}

async function exportFile(flags: { readonly host?: string }): Promise<void> {
  const session = openSession(configOf({}))
  const policies: TrustPolicy[] = []
  for (const { name } of await summaries(session))
    policies.push(readDocument((await policyNamed(session, name)).text, name))
  const host = flags.host ?? (session.endpoint === undefined ? '' : new URL(session.endpoint).host)
  const { text, left } = exportNotation(policies, host)
  for (const line of left) note(`left out: ${line}`)
  say(text.trimEnd())
}
