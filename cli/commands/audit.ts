import { readFileSync } from 'node:fs'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { programVersion } from '../../src/lib/program-version.ts'
import type { PostureEvidence } from '../../src/posture/rules/evidence.ts'
import {
  judgePosture,
  type JudgedRule,
  type Posture,
} from '../../src/posture/rules/judge-posture.ts'
import { postureSeverities, type PostureSeverity } from '../../src/posture/rules/posture-rule.ts'
import {
  defaultRulesFile,
  parseRulesFile,
  type PostureRulesFile,
} from '../../src/posture/rules/rules-file.ts'
import { postureRules } from '../../src/posture/rules/table.ts'
import { exitCodes, Failure } from '../failure.ts'
import { note } from '../output.ts'
import { writePostureJson } from '../posture/formats/json.ts'
import { writePostureHtml } from '../posture/formats/html.ts'
import { writePostureJunit } from '../posture/formats/junit.ts'
import { writePostureMarkdown } from '../posture/formats/markdown.ts'
import { writePostureSarif } from '../posture/formats/sarif.ts'
import { renderPosture } from '../posture/formats/table.ts'
import { gatherEvidence } from '../posture/gather.ts'
import { addToHistory, readHistory } from '../posture/history.ts'
import { applyFixes, requireAnswer, type FixFlags } from '../posture/apply-fixes.ts'
import { readServerPosture } from '../posture/server-posture.ts'
import { closePlace, openPlace, targets, type Place, type Target } from '../posture/place.ts'
import type { PostureReport } from '../posture/posture-report.ts'
import { writeDocuments } from '../write-documents.ts'

interface AuditFlags extends FixFlags {
  readonly target: Target
  readonly rules?: string
  readonly min: PostureSeverity
  readonly repository: readonly string[]
  readonly images: number
  readonly pull?: true
  readonly history?: string
  readonly server?: true
  readonly now?: true
  readonly putRules?: string
  readonly removeRules?: true
  readonly output: readonly string[]
}

const help = `
Examples:
  pratique audit
  pratique audit --rules posture.yaml --min medium -o table -o html=posture.html --history scores.ndjson
  AWS_PROFILE=audit pratique audit --target aws --repository 'prod/*' -o sarif=posture.sarif
  pratique audit --server --put-rules posture.yaml
  pratique audit --fix REG-003 REG-004 --dry-run

Without --fix nothing is changed: it only reads, and fetches no manifest, as that would date the last pull of an image. With --pull, or as a role whose
pulls are excluded from that, it also looks for secrets, users and platforms. What may not be read makes the rules that need it unknown,
with the right that is missing.

Exit codes: 0 every rule from --min up passes, does not apply or is suppressed; 3 one fails; 6 none fails and something cannot be told
(unless the rules file says unknown: allow); 4 not signed in; 5 no such repository; 2 wrong usage, also a rules file with a fault; 1 error.
docs/posture.md explains, docs/audit-rules.md lists the rules. Who did what is asked with: pratique audit-log`

export function auditCommand(program: Command): void {
  program
    .command('audit')
    .description('Is the registry as it should be? Judges its posture, or that of an AWS account.')
    .addOption(
      new Option('--target <what>', 'the Pratique server, or an account of AWS')
        .choices(targets)
        .default('pratique'),
    )
    .option('--rules <file>', 'what you expect, and suppressions with owner, reason and end')
    .addOption(
      new Option('--min <severity>', 'rules from here up are shown and count')
        .choices(postureSeverities)
        .default('info'),
    )
    .option('--repository <name>', 'only these, by name or pattern; repeatable', collect, [])
    .option('--images <count>', 'so many images of each repository are looked into', count, 5)
    .option('--pull', 'also what is in manifests and configurations, though that counts as a pull')
    .option('--history <file>', 'add the score to a file, and compare with what is in it')
    .option(
      '--fix [rule...]',
      'mends what needs no decision, of all rules or of these; asks before each call',
    )
    .option('--yes', 'with --fix: does not ask')
    .option('--dry-run', 'with --fix: shows the calls, and makes none')
    .option('--server', 'what the server itself judged last, with its history')
    .option('--now', 'with --server: has it judge now, and waits')
    .option('--put-rules <file>', 'gives the server a rules file by which it judges from now on')
    .option('--remove-rules', 'takes the rules file of the server away')
    .option(
      '-o, --output <format[=file]>',
      `${formats.join(', ')}; repeatable, with =FILE written there`,
      output,
      [],
    )
    .addHelpText('after', help)
    .action(audit)
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value]
}

function count(text: string): number {
  if (/^[1-9][0-9]{0,2}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('write it as a number from 1 to 999')
}

const formats = ['table', 'json', 'sarif', 'junit', 'html', 'markdown'] as const
type Format = (typeof formats)[number]

function output(value: string, earlier: readonly string[]): readonly string[] {
  const [format = '', ...file] = value.split('=')
  const isFormat = formats.some((one) => one === format)
  if (isFormat && (file.length === 0 || file.join('=') !== '')) return [...earlier, value]
  throw new InvalidArgumentError(
    `known formats are ${formats.join(', ')}, as FORMAT or FORMAT=FILE`,
  )
}

async function audit(flags: AuditFlags): Promise<void> {
  requireAnswer(
    flags,
    postureRules.map(({ id }) => id),
  )
  if (isOfServer(flags)) return showServer(flags)
  const file = rulesFileOf(flags.rules, new Date().getTime())
  const place = openPlace(flags.target)
  try {
    let found = await judgeNow(place, file, flags)
    if (flags.fix !== undefined) {
      const rules = found.posture.rules.filter((one) => isCounted(one, flags.min))
      const mended = await applyFixes(place.session, { ...found, rules }, flags)
      // What was changed is looked at again: a call that was taken may have had no effect.
      if (mended > 0) found = await judgeNow(place, file, flags)
    }
    await writeReport(found, file, flags)
  } finally {
    closePlace(place)
  }
}

interface Judged {
  readonly judgedAt: Date
  readonly evidence: PostureEvidence
  readonly posture: Posture
}

async function judgeNow(
  place: Place,
  { expectations, suppress }: PostureRulesFile,
  flags: AuditFlags,
): Promise<Judged> {
  const judgedAt = new Date()
  const now = judgedAt.getTime()
  const reading = {
    now,
    looked: flags.images,
    only: flags.repository,
    pull: flags.pull === true,
    progress: progressOf(now),
  }
  const evidence = await gatherEvidence(place, expectations, reading)
  return { judgedAt, evidence, posture: judgePosture(postureRules, evidence, suppress) }
}

async function writeReport(
  { judgedAt, evidence, posture }: Judged,
  file: PostureRulesFile,
  flags: AuditFlags,
): Promise<void> {
  const shown = posture.rules.filter((one) => isCounted(one, flags.min))
  const account = evidence.account.kind === 'told' ? evidence.account.value : ''
  const about = { target: flags.target, account }
  const history = flags.history === undefined ? undefined : readHistory(flags.history, about)
  const exitCode = exitCodeOf(shown, file)
  const told = { ...about, judgedAt, posture, shown, minimum: flags.min, exitCode, history }
  await writeDocuments(flags.output, formats, (format) => textOf(told, format))
  if (flags.history !== undefined)
    addToHistory(flags.history, posture, { ...about, at: judgedAt.toISOString() })
  process.exitCode = exitCode
}

const ownFlags = ['rules', 'history', 'pull', 'fix'] as const

function isOfServer(flags: AuditFlags): boolean {
  const { server, now, putRules, removeRules } = flags
  const isAsked = [server, now, putRules, removeRules].some((one) => one !== undefined)
  if (!isAsked) return false
  const isOther =
    flags.target === 'aws' ||
    flags.repository.length > 0 ||
    ownFlags.some((name) => flags[name] !== undefined)
  if (isOther)
    throw new Failure(
      exitCodes.usage,
      'the server judges all of its account, by the rules file that it was given',
      'leave out --target, --rules, --repository, --pull, --history and --fix, or --server',
    )
  if (putRules !== undefined && removeRules === true)
    throw new Failure(exitCodes.usage, '--put-rules and --remove-rules are two different things')
  return true
}

async function showServer(flags: AuditFlags): Promise<void> {
  const { putRules: path } = flags
  const text = path === undefined ? undefined : textOfFile(path)
  if (path !== undefined && text !== undefined) readRules(path, text, new Date().getTime())
  const rules = flags.removeRules === true ? 'remove' : text
  const found = await readServerPosture({ isNow: flags.now === true, rules })
  const { posture, unknown, ...about } = found
  const shown = posture.rules.filter((one) => isCounted(one, flags.min))
  const exitCode = exitCodeOf(shown, { unknown })
  const report = { ...about, posture, shown, minimum: flags.min, exitCode }
  await writeDocuments(flags.output, formats, (format) => textOf(report, format))
  process.exitCode = exitCode
}

function rulesFileOf(path: string | undefined, now: number): PostureRulesFile {
  if (path === undefined) return defaultRulesFile
  return readRules(path, textOfFile(path), now)
}

function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.usage, `${path} cannot be read: ${why}`)
  }
}

function readRules(path: string, text: string, now: number): PostureRulesFile {
  const reading = parseRulesFile(text, { ids: postureRules.map(({ id }) => id), now })
  if (reading.kind === 'read') return reading.file
  const faults = reading.faults.map(({ line, problem }) => `${path}:${line}: ${problem}`)
  throw new Failure(exitCodes.usage, faults.join('\n'), 'docs/posture.md has the rules file')
}

const saidEveryMs = 10_000

/** One line every ten seconds: what takes long is seen to go on. */
function progressOf(started: number): (done: number, all: number) => void {
  let said = started
  return (done, all) => {
    const now = new Date().getTime()
    if (now - said < saidEveryMs) return
    said = now
    note(`read ${done} of ${all} repositories`)
  }
}

function isCounted({ severity }: JudgedRule, minimum: PostureSeverity): boolean {
  return postureSeverities.indexOf(severity) <= postureSeverities.indexOf(minimum)
}

function exitCodeOf(
  shown: readonly JudgedRule[],
  { unknown }: Pick<PostureRulesFile, 'unknown'>,
): number {
  if (shown.some(({ outcome }) => outcome === 'fail')) return exitCodes.no
  const isOpen = unknown === 'fail' && shown.some(({ outcome }) => outcome === 'unknown')
  return isOpen ? exitCodes.cannotAnswer : exitCodes.ok
}

async function textOf(report: PostureReport, format: Format): Promise<string> {
  switch (format) {
    case 'table':
      return renderPosture(report)
    case 'json':
      return writePostureJson(report)
    case 'sarif':
      return writePostureSarif(report, await programVersion())
    case 'junit':
      return writePostureJunit(report)
    case 'html':
      return writePostureHtml(report)
    case 'markdown':
      return writePostureMarkdown(report)
  }
}
