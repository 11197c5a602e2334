import { InvalidArgumentError, Option, type Command } from 'commander'
import type { AdmissionPolicy } from '../../src/admission/rules/admission-policy.ts'
import type { DecisionContext } from '../../src/admission/rules/evidence.ts'
import { parseDuration } from '../../src/lib/duration.ts'
import { programVersion } from '../../src/lib/program-version.ts'
import { exitCodes, Failure } from '../failure.ts'
import { withPulls } from '../fetch-manifests.ts'
import { readBaseline } from '../gate/baseline.ts'
import { writeAnnotations } from '../gate/formats/annotations.ts'
import { writeVex } from '../gate/formats/cyclonedx-vex.ts'
import { writeGitlabReport } from '../gate/formats/gitlab.ts'
import { writeJunit } from '../gate/formats/junit.ts'
import { writeMarkdown } from '../gate/formats/markdown.ts'
import { gatePolicies, thresholdOf, type PolicyFlags } from '../gate/gate-policies.ts'
import { severities } from '../gate/gate-finding.ts'
import {
  judgeReference,
  overallVerdict,
  type JudgedImage,
  type Judging,
  type Verdict,
} from '../gate/judge-reference.ts'
import { reportDocument } from '../gate/report-document.ts'
import { renderGate, type GateReport } from '../gate/report.ts'
import { readSuppressions } from '../gate/suppression-files.ts'
import { awsHost, parseImageReference, type ImageReference } from '../reference.ts'
import { imagesOfJudged } from '../sarif/scanned-image.ts'
import { writeSarif } from '../sarif/write-sarif.ts'
import { openAwsSession, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'
import { writeDocuments } from '../write-documents.ts'

interface GateFlags extends PolicyFlags {
  readonly show: string
  readonly wait: number
  readonly platform?: string
  readonly registry?: string
  readonly endpoint?: string
  readonly pull?: true
  readonly as?: string
  readonly suppressions?: string
  readonly vex: readonly string[]
  readonly output: readonly string[]
}

const help = `
Examples:
  pratique gate my-app:1.0 --fail-on high --wait 5m
  pratique gate my-app:1.0 --policy production.yaml -o sarif=gate.sarif -o junit=gate.xml
  pratique gate my-app:1.1 --new-only --baseline my-app:1.0
  pratique gate 123456789012.dkr.ecr.eu-west-1.amazonaws.com/my-app:1.0 --fail-on critical -o json=gate.json

Without --policy, findings from --fail-on up (high, or any with --kev or --epss) say no. --fixable-only, --kev, --epss, --new-only
and --grace narrow them: a finding has to meet all of them.

Exit codes: 0 every image passes, perhaps with warnings; 3 the answer is no; 6 cannot tell (not scanned, failed, unsupported, partial,
stale data, or the source does not tell what is asked); 4 not signed in or not allowed; 5 not found; 2 wrong usage; 1 error.
With several images 3 goes before 6. docs/gate.md has policies, formats and pipelines.`

export function gateCommand(program: Command): void {
  const gateOf = program
    .command('gate')
    .argument('<reference...>', 'images: repo:tag, repo@digest or host/repo:tag')
    .description(
      'May these images go out? Reads findings by the ECR API, from Pratique or from AWS.',
    )
  addConditions(gateOf)
    .addOption(
      new Option('--show <severity>', 'findings from here up are listed')
        .choices(severities.map((word) => word.toLowerCase()))
        .default('undefined'),
    )
    .option('--wait <duration>', 'wait for a running scan, for example 5m', duration, 0)
    .option('--platform <os/arch>', 'judge only this platform of an index')
    .option('--as <cluster/namespace>', 'ask as if it were to be deployed there')
    .option('--suppressions <file>', 'rules by which findings are not counted, also those of AWS')
    .option('--vex <file>', 'a VEX document that is believed; repeatable', collect, [])
    .option('--registry <host>', 'registry of references without a host, for example an AWS one')
    .option(
      '--endpoint <url>',
      'where the ECR API of an AWS registry answers, such as an endpoint in a VPC',
    )
    .option('--pull', 'fetch what only manifests of AWS tell, though AWS dates a pull by it')
    .option(
      '-o, --output <format[=file]>',
      `${formats.join(', ')}; repeatable, with =FILE written there`,
      output,
      [],
    )
    .addHelpText('after', help)
    .action(gate)
}

function addConditions(command: Command): Command {
  return command
    .option('--policy <file>', 'an admission policy; repeatable, the strictest counts', collect, [])
    .addOption(
      new Option('--fail-on <severity>', 'findings from here up say no').choices([
        'critical',
        'high',
        'medium',
        'low',
        'any',
        'none',
      ]),
    )
    .option('--fixable-only', 'only findings with a known fix say no')
    .option('--kev', 'only findings that CISA lists as exploited say no')
    .option(
      '--epss <likelihood>',
      'only findings as likely to be exploited say no, for example 0.2',
      likelihood,
    )
    .option('--new-only', 'only findings that --baseline does not have say no')
    .option('--baseline <reference>', 'an earlier image')
    .option(
      '--grace <duration>',
      'only findings known for longer say no, for example 14d',
      duration,
    )
    .addOption(
      new Option(
        '--undefined-severity <meaning>',
        'what a finding without a severity means: fail (if not said) or allow',
      ).choices(['fail', 'allow']),
    )
    .option(
      '--max-age <duration>',
      'oldest vulnerability data that may say yes, for example 48h',
      duration,
    )
}

function duration(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds === undefined) throw new InvalidArgumentError('write it as 90s, 5m, 48h or 2d')
  return milliseconds
}

function likelihood(text: string): number {
  const value = /^[0-9.]+$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('write it as a number from 0 to 1')
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value]
}

const formats = [
  'table',
  'json',
  'sarif',
  'gitlab',
  'junit',
  'markdown',
  'cyclonedx-vex',
  'github',
] as const
type Format = (typeof formats)[number]

function output(value: string, earlier: readonly string[]): readonly string[] {
  const [format = '', ...file] = value.split('=')
  const isFormat = formats.some((one) => one === format)
  if (isFormat && (file.length === 0 || file.join('=') !== '')) return [...earlier, value]
  throw new InvalidArgumentError(
    `known formats are ${formats.join(', ')}, as FORMAT or FORMAT=FILE`,
  )
}

async function gate(texts: readonly string[], flags: GateFlags): Promise<void> {
  const started = new Date().getTime()
  const references = texts.map(referenceIn)
  const policies = gatePolicies(flags, started)
  const suppressions = readSuppressions(flags.suppressions, flags.vex)
  const judging: Judging = {
    policies,
    suppressions,
    baseline: await baselineOf(flags),
    platform: flags.platform,
    context: contextOf(flags.as),
    deadline: started + flags.wait,
  }
  const images: JudgedImage[] = []
  for (const reference of references) {
    const { session, registryId } = sessionFor(reference, flags)
    images.push(await judgeReference(session, { reference, registryId }, judging))
  }
  const report: GateReport = {
    images,
    policies: policies.map(({ name }) => name),
    threshold: flags.policy.length > 0 ? undefined : thresholdWords(flags),
    judgedAt: new Date(),
    unusedRules: suppressions?.unused ?? [],
    endedRules: suppressions?.ended ?? [],
  }
  await writeDocuments(flags.output, formats, (format) =>
    textOf(report, format, { flags, policies }),
  )
  process.exitCode = exitCodeOf(overallVerdict(images))
}

function referenceIn(text: string): ImageReference {
  const reference = parseImageReference(text)
  if (reference !== undefined) return reference
  throw new Failure(
    exitCodes.usage,
    `${text} is not an image reference`,
    'write repo:tag, repo@sha256:… or host/repo:tag',
  )
}

async function baselineOf(flags: GateFlags): Promise<Judging['baseline']> {
  if (flags.baseline === undefined) return undefined
  const reference = referenceIn(flags.baseline)
  const { session, registryId } = sessionFor(reference, flags)
  return readBaseline(session, reference, registryId)
}

/** Nobody asked for a policy that is about other images: that is no yes. */
function contextOf(as: string | undefined): DecisionContext {
  if (as === undefined) return { door: 'gate', withoutPolicy: 'deny' }
  const [cluster = '', namespace = '', ...more] = as.split('/')
  if (cluster === '' || namespace === '' || more.length > 0)
    throw new Failure(exitCodes.usage, `${as} is not CLUSTER/NAMESPACE`, 'write --as prod/payments')
  return { door: 'admission', cluster, namespace, withoutPolicy: 'deny' }
}

function thresholdWords(flags: GateFlags): string {
  const threshold = thresholdOf(flags)
  if (threshold === 'none') return 'that --fail-on none counts'
  const conditions = [
    ...(flags.fixableOnly === undefined ? [] : ['fixable']),
    ...(flags.kev === undefined ? [] : ['exploited']),
    ...(flags.epss === undefined ? [] : [`with an EPSS of ${flags.epss} or more`]),
    ...(flags.newOnly === undefined ? [] : ['new']),
    ...(flags.grace === undefined ? [] : ['past their grace']),
  ]
  return [`at or above ${threshold.toUpperCase()}`, ...conditions].join(', ')
}

function exitCodeOf(verdict: Verdict): number {
  if (verdict === 'deny') return exitCodes.no
  return verdict === 'unknown' ? exitCodes.cannotAnswer : exitCodes.ok
}

function sessionFor(
  reference: ImageReference,
  flags: GateFlags,
): { readonly session: Session; readonly registryId: string | undefined } {
  const aws = awsHost(reference.host ?? flags.registry ?? '')
  if (aws !== undefined)
    return {
      session: withPulls(openAwsSession(aws.region, flags.endpoint), flags.pull),
      registryId: aws.registryId,
    }
  const session = withPulls(openSession(configOf({})), flags.pull)
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

async function textOf(
  report: GateReport,
  format: Format,
  { flags, policies }: { readonly flags: GateFlags; readonly policies: readonly AdmissionPolicy[] },
): Promise<string> {
  const exitCode = exitCodeOf(overallVerdict(report.images))
  switch (format) {
    case 'table': {
      const show = severities.findIndex((word) => word.toLowerCase() === flags.show)
      return renderGate(report, (severity) => severities.indexOf(severity) <= show)
    }
    case 'json':
      return JSON.stringify(reportDocument(report, exitCode), undefined, 2)
    case 'sarif': {
      const version = await programVersion()
      return writeSarif(report.images.flatMap(imagesOfJudged), { version, exitCode })
    }
    case 'gitlab':
      return writeGitlabReport(report, await programVersion())
    case 'junit':
      return writeJunit(report, policies)
    case 'markdown':
      return writeMarkdown(report)
    case 'cyclonedx-vex':
      return writeVex(report, await programVersion())
    case 'github':
      return writeAnnotations(report)
  }
}
