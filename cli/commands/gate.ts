import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { programVersion } from '../../src/lib/program-version.ts'
import { parseDuration } from '../../src/lib/duration.ts'
import { exitCodes, Failure } from '../failure.ts'
import {
  readScan,
  resolveTargets,
  severities,
  type ScanState,
  type Target,
} from '../gate/findings.ts'
import {
  judge,
  overall,
  rank,
  type GateRules,
  type GateVerdict,
  type Threshold,
} from '../gate/judge.ts'
import { GateSuppressions } from '../gate/suppress.ts'
import { readRuleFile } from '../rule-file.ts'
import { renderGate, type GateReport, type JudgedImage } from '../gate/report.ts'
import { note, say } from '../output.ts'
import { awsHost, parseImageReference, type ImageReference } from '../reference.ts'
import { imageOfJudged } from '../sarif/scanned-image.ts'
import { writeSarif } from '../sarif/write-sarif.ts'
import { openAwsSession, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'

interface GateFlags {
  readonly failOn: Threshold
  readonly show: string
  readonly fixableOnly?: true
  readonly undefinedSeverity: 'fail' | 'allow'
  readonly wait: number
  readonly maxAge?: number
  readonly platform?: string
  readonly registry?: string
  readonly suppressions?: string
  readonly output: readonly string[]
}

const help = `
Examples:
  pratique gate my-app:1.0 --fail-on high --wait 5m
  pratique gate 123456789012.dkr.ecr.eu-west-1.amazonaws.com/my-app:1.0 --fail-on critical -o json=gate.json
  pratique gate my-app:1.0 --suppressions suppressions.yaml

Exit codes: 0 every image passes; 3 the answer is no; 6 cannot tell (not scanned, failed, unsupported, stale data);
4 not signed in or not allowed; 5 not found; 2 wrong usage; 1 error. With several images 3 goes before 6.`

export function gateCommand(program: Command): void {
  program
    .command('gate')
    .argument('<reference...>', 'images: repo:tag, repo@digest or host/repo:tag')
    .description(
      'May these images go out? Reads findings by the ECR API, from Pratique or from AWS.',
    )
    .addOption(
      new Option('--fail-on <severity>', 'findings from here up say no')
        .choices(['critical', 'high', 'medium', 'low', 'any', 'none'])
        .default('high'),
    )
    .addOption(
      new Option('--show <severity>', 'findings from here up are listed')
        .choices(severities.map((word) => word.toLowerCase()))
        .default('undefined'),
    )
    .option('--fixable-only', 'only findings with a known fix say no')
    .addOption(
      new Option('--undefined-severity <meaning>', 'what a finding without a severity means')
        .choices(['fail', 'allow'])
        .default('fail'),
    )
    .option('--wait <duration>', 'wait for a running scan, for example 5m', duration, 0)
    .option(
      '--max-age <duration>',
      'oldest vulnerability data that may say yes, for example 48h',
      duration,
    )
    .option('--platform <os/arch>', 'judge only this platform of an index')
    .option('--suppressions <file>', 'rules by which findings are not counted, also those of AWS')
    .option('--registry <host>', 'registry of references without a host, for example an AWS one')
    .option(
      '-o, --output <format[=file]>',
      'table, json or sarif; repeatable, with =FILE written there',
      collect,
      [],
    )
    .addHelpText('after', help)
    .action(gate)
}

function duration(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds === undefined) throw new InvalidArgumentError('write it as 90s, 5m, 48h or 2d')
  return milliseconds
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  if (/^(?:table|json|sarif)(?:=.+)?$/.test(value)) return [...earlier, value]
  throw new InvalidArgumentError(
    'known formats are table, json and sarif, as FORMAT or FORMAT=FILE',
  )
}

async function gate(texts: readonly string[], flags: GateFlags): Promise<void> {
  const deadline = new Date().getTime() + flags.wait
  const rules: GateRules = {
    failOn: flags.failOn,
    fixableOnly: flags.fixableOnly ?? false,
    undefinedSeverity: flags.undefinedSeverity,
    maxAgeMs: flags.maxAge,
  }
  const suppressions =
    flags.suppressions === undefined
      ? undefined
      : new GateSuppressions(readRuleFile(flags.suppressions).rules)
  const images: JudgedImage[] = []
  for (const text of texts)
    images.push(...(await judgeReference(text, flags, { rules, deadline, suppressions })))
  const report: GateReport = {
    schema: 'pratique.gate/1',
    failOn: flags.failOn,
    verdict: overall(images.map(({ verdict }) => verdict)),
    images,
    ...(suppressions === undefined
      ? {}
      : { unusedRules: suppressions.unused, endedRules: suppressions.ended }),
  }
  await write(report, flags)
  process.exitCode = exitCodeOf(report.verdict)
}

function exitCodeOf(verdict: GateVerdict['kind']): number {
  if (verdict === 'pass') return exitCodes.ok
  return verdict === 'fail' ? exitCodes.no : exitCodes.cannotAnswer
}

async function judgeReference(
  text: string,
  flags: GateFlags,
  {
    rules,
    deadline,
    suppressions,
  }: {
    readonly rules: GateRules
    readonly deadline: number
    readonly suppressions: GateSuppressions | undefined
  },
): Promise<readonly JudgedImage[]> {
  const reference = parseImageReference(text)
  if (reference === undefined)
    throw new Failure(
      exitCodes.usage,
      `${text} is not an image reference`,
      'write repo:tag, repo@sha256:… or host/repo:tag',
    )
  const { session, registryId } = sessionFor(reference, flags)
  const all = await resolveTargets(session, reference, registryId)
  const targets = all.filter(
    ({ platform }) =>
      flags.platform === undefined || platform === undefined || platform === flags.platform,
  )
  if (targets.length === 0) {
    const reason =
      all.length === 0
        ? 'the index holds no image'
        : `the index has no ${flags.platform ?? ''}, only ${all.map(({ platform }) => platform).join(', ')}`
    return [
      {
        reference: text,
        target: undefined,
        state: undefined,
        verdict: { kind: 'cannotTell', reason },
      },
    ]
  }
  const judged: JudgedImage[] = []
  for (const target of targets) {
    const told = await waitForScan(session, text, target, deadline)
    const now = new Date()
    const state = suppressions?.apply(told, target, now) ?? told
    judged.push({ reference: text, target, state, verdict: judge(state, rules, now) })
  }
  return judged
}

function sessionFor(
  reference: ImageReference,
  flags: GateFlags,
): { readonly session: Session; readonly registryId: string | undefined } {
  const aws = awsHost(reference.host ?? flags.registry ?? '')
  if (aws !== undefined) return { session: openAwsSession(aws.region), registryId: aws.registryId }
  const session = openSession(configOf({}))
  const ours = session.endpoint === undefined ? undefined : new URL(session.endpoint).host
  const asked = reference.host ?? flags.registry
  if (asked !== undefined && asked !== ours) {
    throw new Failure(
      exitCodes.usage,
      `${asked} is not the registry that AWS_ENDPOINT_URL names (${ours ?? 'AWS'})`,
      `export AWS_ENDPOINT_URL=http://${asked}`,
    )
  }
  return { session, registryId: undefined }
}

/** Ends as soon as there is a result, or when the time is over. */
async function waitForScan(
  session: Session,
  text: string,
  target: Target,
  deadline: number,
): Promise<ScanState> {
  for (let pause = 500; ; pause = Math.min(pause * 2, 5000)) {
    const state = await readScan(session, target)
    const isWaitedFor =
      state.kind === 'running' || (state.kind === 'unavailable' && state.status === 'NOT_SCANNED')
    const left = deadline - new Date().getTime()
    if (!isWaitedFor || left <= 0) return state
    note(
      `${text}: ${state.status.toLowerCase().replaceAll('_', ' ')}, waiting up to ${Math.ceil(left / 1000)} s`,
    )
    await delay(Math.min(pause, left))
  }
}

async function write(report: GateReport, flags: GateFlags): Promise<void> {
  const outputs = flags.output.length === 0 ? ['table'] : flags.output
  for (const output of outputs) {
    const [format = 'table', ...rest] = output.split('=')
    const text = await textOf(report, format, flags)
    if (rest.length === 0) say(text)
    else writeFileSync(rest.join('='), `${text}\n`)
  }
}

async function textOf(report: GateReport, format: string, flags: GateFlags): Promise<string> {
  if (format === 'json') return JSON.stringify(report, undefined, 2)
  if (format === 'sarif') {
    const exitCode = exitCodeOf(report.verdict)
    return writeSarif(report.images.map(imageOfJudged), {
      version: await programVersion(),
      exitCode,
    })
  }
  const show = severities.find((word) => word.toLowerCase() === flags.show) ?? 'UNDEFINED'
  return renderGate(report, (severity) => rank(severity) <= rank(show))
}
