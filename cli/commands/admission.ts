import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { parseAdmissionPolicy } from '../../src/admission/rules/parse-policy.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf, linesOf } from '../json.ts'
import { formatOption, note, render, renderTable, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'

const base = '/pratique/v1/admission'
const endings = '\nExit codes: 0 done, 1 failed, 4 not allowed.'

export function admissionCommand(program: Command): void {
  const admission = program
    .command('admission')
    .description('May an image be used: the policies by which clusters and pulls are answered.')
  addPolicyCommands(admission.command('policy').description('Policies of the account.'))
  const gate = admission
    .command('pull-gate')
    .description('Which repositories refuse pulls of images that their policies deny.')
  gate
    .command('list', { isDefault: true })
    .description('What holds for the account, and for repositories of their own.')
    .addOption(formatOption())
    .addHelpText('after', endings)
    .action(listGates)
  gate
    .command('set')
    .argument('<state>', 'on, off, or unset: what holds for the account holds for the repository')
    .option('--repository <name>', 'of this repository; of the account without it')
    .description('Turn the gate on or off.')
    .addHelpText(
      'after',
      `\nExample:\n  pratique admission pull-gate set on --repository prod/app\n\nWho may push to a repository, or has pratique:BypassGate on it, pulls all the same.\n${endings}`,
    )
    .action(setGate)
}

function addPolicyCommands(policy: Command): void {
  policy
    .command('list', { isDefault: true })
    .description('The policies of the account.')
    .addOption(formatOption())
    .addHelpText('after', endings)
    .action(list)
  policy
    .command('show')
    .argument('<name>')
    .description('A policy as it was put.')
    .addHelpText('after', endings)
    .action(show)
  policy
    .command('set')
    .argument('<file>', 'the document, YAML or JSON: docs/gate.md')
    .description('Put a policy in force, in place of the one of its name.')
    .addHelpText(
      'after',
      `\nExample:\n  pratique admission policy preview base.yaml && pratique admission policy set base.yaml\n\nExit codes: 0 put, 1 refused by the server, 2 it cannot be accepted, 4 not allowed.`,
    )
    .action(set)
  policy
    .command('delete')
    .argument('<name>')
    .description('Nothing is judged by it any more, from now on.')
    .addHelpText('after', endings)
    .action(remove)
  policy
    .command('preview')
    .argument('<file>')
    .option(
      '--door <door>',
      'where they would be used: pull, admission, gatekeeper, gate',
      'admission',
    )
    .option('--cluster <name>', 'in which cluster')
    .option('--namespace <name>', 'in which namespace')
    .addOption(formatOption())
    .description(
      'Which images that are stored, and which that run, would a policy deny, were it enforced? Nothing is changed.',
    )
    .addHelpText(
      'after',
      '\nExample:\n  pratique admission policy preview base.yaml --cluster prod --namespace shop\n\nWhat runs is looked at in each cluster and namespace that it runs in.\n\nExit codes: 0 none, 1 failed, 2 it cannot be accepted, 3 some would be denied, 4 not allowed.',
    )
    .action(preview)
}

interface Listed {
  readonly name: string
  readonly mode: string
  readonly version: number
  readonly rules: number
  readonly exemptions: number
  readonly putAt: string
  readonly putBy: string
}

async function list({ output }: { readonly output: Format }): Promise<void> {
  const answer = await callServer(openSession(configOf({})), 'GET', `${base}/policies`)
  const listed = await jsonOf<{ readonly policies: readonly Listed[] }>(answer)
  const header = ['NAME', 'MODE', 'RULES', 'EXEMPTIONS', 'VERSION', 'PUT', 'BY']
  const rows = listed.policies.map((one) => [
    one.name,
    one.mode,
    String(one.rules),
    String(one.exemptions),
    String(one.version),
    one.putAt,
    one.putBy,
  ])
  say(
    render(output, listed, () =>
      rows.length === 0 ? 'no admission policies: nothing is denied' : renderTable(header, rows),
    ),
  )
}

async function show(name: string): Promise<void> {
  const query = new URLSearchParams({ name })
  const path = `${base}/policy?${query.toString()}`
  const answer = await callServer(openSession(configOf({})), 'GET', path)
  const { text } = await jsonOf<{ readonly text: string }>(answer)
  say(text.trimEnd())
}

interface Changed {
  readonly name: string
  readonly version: number
  readonly changes: readonly string[]
}

async function set(file: string): Promise<void> {
  const text = readPolicy(file)
  const body = { stream: new Blob([text]).stream(), type: 'application/yaml' }
  const answer = await callServer(openSession(configOf({})), 'POST', `${base}/policy`, body)
  tell(await jsonOf<Changed>(answer))
}

async function remove(name: string): Promise<void> {
  const query = new URLSearchParams({ name })
  const path = `${base}/policy?${query.toString()}`
  tell(await jsonOf<Changed>(await callServer(openSession(configOf({})), 'DELETE', path)))
}

function tell({ name, version, changes }: Changed): void {
  say([`policy ${name}, version ${version}`, ...changes].join('\n'))
}

/** The text, which was read once so that its faults are told with their places. */
function readPolicy(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `${file} cannot be read: ${why}`)
  }
  const reading = parseAdmissionPolicy(text, new Date().getTime())
  if (reading.kind === 'read') return text
  const faults = reading.faults.map(
    ({ line, column, member, problem }) =>
      `${file}:${line}:${column}: ${member === '' ? '' : `${member} `}${problem}`,
  )
  throw new Failure(exitCodes.usage, faults.join('\n'))
}

interface PreviewedImage {
  readonly kind: 'image'
  readonly repository: string
  readonly digest: string
  readonly tag: string
  readonly now: string
  readonly would: string
  readonly reasons: readonly { readonly code: string; readonly message: string }[]
}

interface PreviewedRunning extends Omit<PreviewedImage, 'kind' | 'tag'> {
  readonly kind: 'running'
  readonly cluster: string
  readonly namespace: string
}

interface PreviewCounts {
  readonly images: number
  readonly denied: number
  readonly newlyDenied: number
  readonly warned: number
  readonly isCut: boolean
}

interface PreviewSummary extends PreviewCounts {
  readonly kind: 'summary'
  readonly policy: string
  readonly running?: PreviewCounts
}

async function preview(
  file: string,
  flags: {
    readonly door: string
    readonly cluster?: string
    readonly namespace?: string
    readonly output: Format
  },
): Promise<void> {
  const text = readPolicy(file)
  const { door, cluster, namespace, output } = flags
  const query = new URLSearchParams({ door })
  if (cluster !== undefined) query.set('cluster', cluster)
  if (namespace !== undefined) query.set('namespace', namespace)
  const body = { stream: new Blob([text]).stream(), type: 'application/yaml' }
  const path = `${base}/preview?${query.toString()}`
  const answer = await callServer(openSession(configOf({})), 'POST', path, body)
  const images: PreviewedImage[] = []
  const running: PreviewedRunning[] = []
  let summary: PreviewSummary | undefined
  for await (const line of linesOf<PreviewedImage | PreviewedRunning | PreviewSummary>(answer)) {
    if (line.kind === 'image') images.push(line)
    else if (line.kind === 'running') running.push(line)
    else summary = line
  }
  if (summary === undefined) throw new Failure(exitCodes.error, 'the answer broke off')
  const header = ['IMAGE', 'NOW', 'WOULD', 'BECAUSE']
  const rows = images.map(({ repository, tag, now, would, reasons }) => [
    `${repository}:${tag}`,
    now,
    would,
    becauseOf(reasons),
  ])
  const table = (): string =>
    [
      rows.length === 0 ? 'no image would be denied' : renderTable(header, rows),
      ...(running.length === 0 ? [] : ['', renderRunning(running)]),
    ].join('\n')
  say(render(output, { images, running, summary }, table))
  tellCounts('tagged images', summary)
  // Nothing is known to run where no cluster ever told.
  if (summary.running !== undefined && summary.running.images > 0)
    tellCounts('images that run, each in each namespace', summary.running)
  if (summary.denied + (summary.running?.denied ?? 0) > 0) process.exitCode = exitCodes.no
}

function renderRunning(running: readonly PreviewedRunning[]): string {
  const rows = running.map(({ cluster, namespace, repository, digest, now, would, reasons }) => [
    `${repository}@${digest.slice(0, 19)}`,
    namespace === '' ? cluster : `${cluster}/${namespace}`,
    now,
    would,
    becauseOf(reasons),
  ])
  return renderTable(['RUNNING IMAGE', 'WHERE', 'NOW', 'WOULD', 'BECAUSE'], rows)
}

function tellCounts(
  what: string,
  { images, denied, newlyDenied, warned, isCut }: PreviewCounts,
): void {
  note(
    `${images} ${what}: ${denied} would be denied (${newlyDenied} of them are not denied now), ${warned} warned of`,
  )
  if (isCut) note('there are more images than a preview looks at')
}

function becauseOf(reasons: PreviewedImage['reasons']): string {
  const [first] = reasons
  const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : ''
  return first === undefined ? '' : `${first.message}${more}`
}

interface Gate {
  readonly repository?: string
  readonly state: string
  readonly putAt: string
  readonly putBy: string
}

async function listGates({ output }: { readonly output: Format }): Promise<void> {
  const answer = await callServer(openSession(configOf({})), 'GET', `${base}/pull-gates`)
  const listed = await jsonOf<{ readonly gates: readonly Gate[] }>(answer)
  const rows = listed.gates.map(({ repository, state, putAt, putBy }) => [
    repository ?? '(all others)',
    state,
    putAt,
    putBy,
  ])
  const table = (): string =>
    rows.length === 0
      ? 'off: every image may be pulled'
      : renderTable(['REPOSITORY', 'STATE', 'PUT', 'BY'], rows)
  say(render(output, listed, table))
}

async function setGate(
  state: string,
  { repository }: { readonly repository?: string },
): Promise<void> {
  const query = new URLSearchParams({ state })
  if (repository !== undefined) query.set('repository', repository)
  const path = `${base}/pull-gates?${query.toString()}`
  await callServer(openSession(configOf({})), 'POST', path)
  say(`pull gate of ${repository ?? 'the account'}: ${state}`)
}
