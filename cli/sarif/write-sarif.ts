// Purpose:  what scans found, as a log that code-scanning services read.
// Spec:     SARIF 2.1.0 (OASIS, with errata 01): log 3.13, run 3.14, invocation 3.20, result 3.27, reportingDescriptor 3.49, notification 3.58.
// Input:    images with their findings, and what could not be told of each.
// Deviates: nothing.
// Unknowns: a scan that is not whole fails the invocation, is a notification of level error, and a result besides: a reader that passes over
//           notifications must not take its silence for a clean image.
import { createHash } from 'node:crypto'
import { severities, type Severity } from '../gate/gate-finding.ts'
import type { SarifFinding, SarifRefusal, ScannedImage } from './scanned-image.ts'

type Level = 'error' | 'warning' | 'note'

type Json = Readonly<Record<string, unknown>>

export interface SarifRun {
  readonly version: string
  /** Of the process that writes the log. */
  readonly exitCode: number
}

const schema =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

const incompleteId = 'SCAN_INCOMPLETE'
const noteId = 'SCAN_NOTE'

const incompleteRule: Json = {
  id: incompleteId,
  name: 'ScanIncomplete',
  shortDescription: { text: 'The image was not judged as a whole' },
  fullDescription: {
    text: 'What the scan found is listed; nobody can say that there is nothing else.',
  },
  defaultConfiguration: { level: 'error' },
}

const levels: Readonly<Record<Severity, Level>> = {
  CRITICAL: 'error',
  HIGH: 'error',
  MEDIUM: 'warning',
  LOW: 'note',
  INFORMATIONAL: 'note',
  // Nobody has said that it is harmless.
  UNDEFINED: 'warning',
}

/** One run, with a result for each finding of each image. The text of the log. */
export function writeSarif(images: readonly ScannedImage[], run: SarifRun): string {
  const incomplete = images.filter(({ gap }) => gap !== undefined)
  const rules = rulesOf(images, incomplete.length > 0)
  const places = new Map([...rules.keys()].map((id, at) => [id, at]))
  const results = images.flatMap((image, at) => resultsOf(image, at, places))
  const log = {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: driverOf(run.version, [...rules.values()]) },
        invocations: [
          {
            executionSuccessful: images.length > 0 && incomplete.length === 0,
            exitCode: run.exitCode,
            toolExecutionNotifications: notificationsOf(images),
          },
        ],
        originalUriBaseIds: Object.fromEntries(
          images.map((image, at) => [
            baseIdOf(at),
            { description: { text: `the root of ${titleOf(image)}` } },
          ]),
        ),
        results,
        columnKind: 'utf16CodeUnits',
      },
    ],
  }
  return JSON.stringify(log, undefined, 2)
}

function driverOf(version: string, rules: readonly Json[]): Json {
  return {
    name: 'Pratique',
    version,
    rules,
    notifications: [
      incompleteRule,
      {
        id: noteId,
        name: 'ScanNote',
        shortDescription: { text: 'Part of the image about which the scan does not speak' },
        defaultConfiguration: { level: 'warning' },
      },
    ],
  }
}

/** By id: the worst of its findings speaks for a vulnerability. */
function rulesOf(
  images: readonly ScannedImage[],
  isIncomplete: boolean,
): ReadonlyMap<string, Json> {
  const findings = images.flatMap((image) => image.findings)
  const rules = new Map<string, Json>(isIncomplete ? [[incompleteId, incompleteRule]] : [])
  for (const [id, group] of Map.groupBy(findings, ({ vulnerability }) => vulnerability)) {
    const [worst] = group.toSorted(
      (a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity),
    )
    if (worst !== undefined) rules.set(id, ruleOf(id, worst))
  }
  for (const { code } of images.flatMap(({ refusals = [] }) => refusals))
    rules.set(ruleIdOf(code), refusalRule(code))
  return rules
}

function ruleOf(id: string, { severity, summary, url, score }: SarifFinding): Json {
  return {
    id,
    shortDescription: { text: summary ?? id },
    ...(url === undefined || !URL.canParse(url) ? {} : { helpUri: url }),
    defaultConfiguration: { level: levels[severity] },
    properties: {
      tags: ['security', 'vulnerability', severity],
      // Code scanning orders by this number; where nobody scored the flaw there is none.
      ...(score === undefined ? {} : { 'security-severity': score.toFixed(1) }),
    },
  }
}

/** A code of a decision among ids of vulnerabilities. */
function ruleIdOf(code: string): string {
  return `ADMISSION_${code.toUpperCase().replaceAll('-', '_')}`
}

function refusalRule(code: string): Json {
  return {
    id: ruleIdOf(code),
    shortDescription: { text: `The policy does not allow the image: ${code}` },
    defaultConfiguration: { level: 'error' },
    properties: { tags: ['security', 'policy'] },
  }
}

function resultsOf(
  image: ScannedImage,
  at: number,
  places: ReadonlyMap<string, number>,
): readonly Json[] {
  const { gap } = image
  const listed = [
    ...image.findings.map((finding) => resultOf(image, at, finding, places)),
    ...(image.refusals ?? []).map((refusal) => refusalResult(image, refusal, places)),
  ]
  if (gap === undefined) return listed
  const result = {
    ruleId: incompleteId,
    ruleIndex: places.get(incompleteId),
    kind: 'fail',
    level: 'error',
    message: { text: gapText(image, gap) },
    locations: [imageLocation(image)],
    partialFingerprints: { 'pratiqueFinding/v1': fingerprint(image, [incompleteId]) },
  }
  return [result, ...listed]
}

function refusalResult(
  image: ScannedImage,
  { code, message, isWarning }: SarifRefusal,
  places: ReadonlyMap<string, number>,
): Json {
  const ruleId = ruleIdOf(code)
  return {
    ruleId,
    ruleIndex: places.get(ruleId),
    kind: 'fail',
    level: isWarning ? 'warning' : 'error',
    message: { text: `${titleOf(image)}: ${message}` },
    locations: [imageLocation(image)],
    partialFingerprints: { 'pratiqueFinding/v1': fingerprint(image, [ruleId]) },
  }
}

function resultOf(
  image: ScannedImage,
  at: number,
  finding: SarifFinding,
  places: ReadonlyMap<string, number>,
): Json {
  const { vulnerability, severity, packageName, packageVersion, fixedVersion, path } = finding
  const fix = fixedVersion === undefined ? 'No fix is known.' : `Fixed in ${fixedVersion}.`
  return {
    ruleId: vulnerability,
    ruleIndex: places.get(vulnerability),
    kind: 'fail',
    level: levels[severity],
    message: {
      text: `${packageName} ${packageVersion} in ${titleOf(image)} has ${vulnerability} (${severity}). ${fix}`,
    },
    locations: [findingLocation(image, at, finding)],
    partialFingerprints: {
      'pratiqueFinding/v1': fingerprint(image, [vulnerability, packageName, path ?? '']),
    },
    ...(finding.suppressed === undefined
      ? {}
      : { suppressions: [{ kind: 'external', justification: finding.suppressed }] }),
    properties: {
      severity,
      package: packageName,
      version: packageVersion,
      ...(fixedVersion === undefined ? {} : { fixedVersion }),
    },
  }
}

function findingLocation(image: ScannedImage, at: number, finding: SarifFinding): Json {
  const { path = '', layer, packageName } = finding
  if (path === '') return imageLocation(image)
  const inImage = `${titleOf(image)}/${path.replace(/^\/+/, '')}`
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(path), uriBaseId: baseIdOf(at) },
      // Services that show a line want one; a package is its whole file.
      region: { startLine: 1 },
    },
    logicalLocations: [
      { name: packageName, kind: 'package', fullyQualifiedName: inImage },
      ...(layer === undefined ? [] : [{ name: layer, kind: 'layer' }]),
    ],
  }
}

function imageLocation(image: ScannedImage): Json {
  const { name } = image
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(name) }, region: { startLine: 1 } },
    logicalLocations: [{ name, kind: 'image', fullyQualifiedName: titleOf(image) }],
  }
}

function notificationsOf(images: readonly ScannedImage[]): readonly Json[] {
  if (images.length === 0) {
    const text = 'No image was scanned.'
    return [{ descriptor: { id: incompleteId }, level: 'error', message: { text } }]
  }
  return images.flatMap((image) => {
    const locations = [imageLocation(image)]
    const { gap, notes } = image
    const remarks = notes.map((text) => ({
      descriptor: { id: noteId },
      level: 'warning',
      message: { text: `${titleOf(image)}: ${text}` },
      locations,
    }))
    if (gap === undefined) return remarks
    const message = { text: gapText(image, gap) }
    return [{ descriptor: { id: incompleteId }, level: 'error', message, locations }, ...remarks]
  })
}

function gapText(image: ScannedImage, gap: string): string {
  return `${titleOf(image)} was not judged as a whole, so nobody can say that it is free of vulnerabilities: ${gap}`
}

function titleOf({ name, platform }: ScannedImage): string {
  return platform === undefined ? name : `${name} (${platform})`
}

/** The same in the next image of that name, so that a service knows the finding again. */
function fingerprint({ name, platform = '' }: ScannedImage, parts: readonly string[]): string {
  const repository = name.replace(/@.*$/, '').replace(/:[^/:]*$/, '')
  const text = JSON.stringify([repository, platform, ...parts])
  return createHash('sha256').update(text).digest('hex')
}

function baseIdOf(at: number): string {
  return `IMAGE_${at}`
}

/** Paths in images are any bytes; a part with a colon would else be read as a scheme. */
function uriOf(path: string): string {
  return path
    .replace(/^\/+/, '')
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/')
}
