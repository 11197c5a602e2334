import type { Command } from 'commander'
import { lintLifecycle } from '../../src/lifecycle/rules/lint-lifecycle.ts'
import type { PreviewDocument } from '../../src/lifecycle/rules/preview-document.ts'
import { exitCodes, Failure } from '../failure.ts'
import { withPulls } from '../fetch-manifests.ts'
import { jsonOf, linesOf } from '../json.ts'
import { explainTarget, renderExplanation } from '../lifecycle/explain-target.ts'
import { documentIn, readPolicyText } from '../lifecycle/policy-text.ts'
import { previewOfEcr } from '../lifecycle/preview-of-ecr.ts'
import { renderHistory, type History } from '../lifecycle/render-history.ts'
import { counted, renderPreview } from '../lifecycle/render-preview.ts'
import { formatOption, note, render, say, type Format } from '../output.ts'
import { callServer, openSession } from '../session.ts'
import { configOf } from '../settings.ts'
import { addGuardCommands } from './lifecycle-guard.ts'

const base = '/pratique/v1/lifecycle'
const pullWords = 'of AWS: fetch the manifests of indexes, though AWS dates a pull by it'

interface Shown {
  readonly output: Format
  readonly json?: true
}

export function lifecycleCommand(program: Command): void {
  const lifecycle = program
    .command('lifecycle')
    .description('Lifecycle policies: what they will do, why, and what they did.')
  shown(lifecycle.command('preview').argument('<repository>'))
    .option('--policy <file>', 'a policy to be tried, instead of the one in force')
    .option('--at <date>', 'also what goes by then if nobody pushes: 2027-01-31')
    .option('--pull', pullWords)
    .description('What a policy would do today, by rule, with reasons, bytes and warnings.')
    .addHelpText(
      'after',
      '\nExamples:\n  pratique lifecycle preview team/app\n  pratique lifecycle preview team/app --policy new.json --at 2027-01-31\n\nNothing is changed. Where no endpoint is set, the repository is one of AWS and is only read; what an\nindex lists only its manifest tells, and AWS dates a pull when that is fetched: it is with --pull, or as a role whose pulls are not dated.\n\nExit codes: 0 shown, 1 failed, 2 the policy cannot be accepted, 4 not allowed, 5 not found.',
    )
    .action(preview)
  shown(lifecycle.command('explain').argument('<image>', 'team/app:1.0 or team/app@sha256:…'))
    .option('--pull', pullWords)
    .description('What each rule makes of an image, and which of them decides.')
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed, 5 not found.')
    .action(explain)
  shown(lifecycle.command('lint').argument('<file>'))
    .description('What is wrong with a policy, and what is probably not meant. Needs no server.')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing found, 2 the policy cannot be accepted, 3 warnings.',
    )
    .action(lint)
  shown(lifecycle.command('history').argument('<repository>').argument('[tag]', 'or a digest'))
    .option('--before <number>', 'older ones than that')
    .description('Where did it go? Also of images and repositories that are gone.')
    .addHelpText('after', '\nExit codes: 0 shown, 1 failed, 4 not allowed.')
    .action(history)
  lifecycle
    .command('run')
    .argument('<repository>')
    .description('Carry the policy in force out now.')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 4 not allowed, 5 not found.')
    .action(run)
  lifecycle
    .command('undo')
    .argument('<image>', 'team/app@sha256:…, as the history has it')
    .description('Bring an image back that a policy deleted, while that is possible.')
    .addHelpText('after', '\nExit codes: 0 brought back, 1 failed, 2 nonsense, 4 not allowed.')
    .action(undo)
  addGuardCommands(lifecycle)
}

function shown(command: Command): Command {
  return command.addOption(formatOption()).option('--json', 'the same as --output json')
}

function formatOf({ output, json }: Shown): Format {
  return json === true ? 'json' : output
}

async function preview(
  repository: string,
  flags: Shown & { readonly policy?: string; readonly at?: string; readonly pull?: true },
): Promise<void> {
  const session = withPulls(openSession(configOf({})), flags.pull)
  const text = flags.policy === undefined ? undefined : await documentIn(flags.policy)
  if (text !== undefined) readPolicyText(text, flags.policy ?? '')
  if (session.endpoint === undefined) {
    const at = flags.at === undefined ? undefined : dateIn(flags.at)
    const document = await previewOfEcr(session, { repository, text, at })
    say(render(formatOf(flags), document, () => renderPreview(document, 'images')))
    return
  }
  const query = new URLSearchParams({ repository })
  if (flags.at !== undefined) query.set('at', dateIn(flags.at).toISOString())
  const body = { stream: new Blob([text ?? '']).stream(), type: 'application/json' }
  const path = `${base}/preview?${query.toString()}`
  const document = await jsonOf<PreviewDocument>(await callServer(session, 'POST', path, body))
  say(render(formatOf(flags), document, () => renderPreview(document, 'freed')))
}

function dateIn(text: string): Date {
  const date = new Date(text)
  if (!Number.isNaN(date.getTime())) return date
  const message = `${JSON.stringify(text)} is no date`
  throw new Failure(exitCodes.usage, message, 'write 2027-01-31 or 2027-01-31T12:00:00Z')
}

async function explain(image: string, flags: Shown & { readonly pull?: true }): Promise<void> {
  const session = withPulls(openSession(configOf({})), flags.pull)
  const found = await explainTarget(session, image)
  say(render(formatOf(flags), found, () => renderExplanation(image, found)))
}

async function lint(file: string, flags: Shown): Promise<void> {
  const warnings = lintLifecycle(readPolicyText(await documentIn(file), file))
  const table = (): string =>
    warnings.length === 0
      ? `${file}: nothing found`
      : warnings.map(({ code, message }) => `${file}: ${message} (${code})`).join('\n')
  say(render(formatOf(flags), warnings, table))
  if (warnings.length > 0) process.exitCode = exitCodes.no
}

async function history(
  repository: string,
  tag: string | undefined,
  flags: Shown & { readonly before?: string },
): Promise<void> {
  const query = new URLSearchParams({ repository })
  if (tag !== undefined) query.set(tag.includes(':') ? 'digest' : 'tag', tag)
  if (flags.before !== undefined) query.set('before', flags.before)
  const path = `${base}/history?${query.toString()}`
  const found = await jsonOf<History>(await callServer(openSession(configOf({})), 'GET', path))
  say(render(formatOf(flags), found, () => renderHistory(found)))
}

interface RunState {
  readonly isOpen: boolean
  readonly ending?: string
  readonly expired: number
  readonly archived: number
}

async function run(repository: string): Promise<void> {
  const path = `${base}/runs?${new URLSearchParams({ repository }).toString()}`
  let last: RunState | undefined
  const response = await callServer(openSession(configOf({})), 'POST', path)
  for await (const state of linesOf<RunState>(response)) last = state
  const deleted = counted(last?.expired ?? 0, 'image')
  say(`${repository}: ${deleted} deleted, ${last?.archived ?? 0} archived`)
  if (last?.isOpen === true) note('more is due; the server goes on with it')
}

async function undo(image: string): Promise<void> {
  const [repository = '', digest = ''] = image.split('@')
  if (digest === '') {
    const advice = `find it with: pratique lifecycle history ${repository}`
    throw new Failure(exitCodes.usage, 'name the image by its digest', advice)
  }
  const path = `${base}/undo?${new URLSearchParams({ repository, digest }).toString()}`
  const response = await callServer(openSession(configOf({})), 'POST', path)
  const undone = await jsonOf<{
    readonly tags: readonly string[]
    readonly taken: readonly string[]
  }>(response)
  say(`${image} is back${undone.tags.length === 0 ? '' : `, as ${undone.tags.join(', ')}`}`)
  if (undone.taken.length > 0)
    note(`these tags name other images by now: ${undone.taken.join(', ')}`)
}
